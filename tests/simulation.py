"""Fixtures of containers in the agent simulator (tests/agent) and of their root file systems."""

import pytest
import root_file_systems
from agent.container import Container
from agent.service import Service


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    """{name: folder} of every root file system of root_file_systems.IMAGES."""
    roots = root_file_systems.build_all(tmp_path_factory.mktemp("images"))
    for root in roots.values():
        Container.prepare(root)
    return roots


@pytest.fixture(scope="session")
def simulated_image(images, tmp_path_factory):
    """simulated_image(name) is a container of that root file system."""
    starter = tmp_path_factory.mktemp("agent") / "starter"
    root_file_systems.compile_static(root_file_systems.SOURCES / "agent" / "starter.c", starter)

    def container(name, **more):
        return Container(images[name], starter, root_file_systems.IMAGES[name].is_read_only, **more)

    return container


@pytest.fixture(scope="module")
def simulator():
    with Service() as service:
        yield service
