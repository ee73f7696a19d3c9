"""Fixtures of root file systems, and of the places where they are tasks: the embedded endpoint, the agent simulator."""

import pytest
import root_file_systems
from agent.container import Container
from agent.quirks import Quirks
from agent.service import Service
from image_tasks import local_place, simulated_place
from root_file_systems import IMAGES


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


@pytest.fixture(scope="session")
def local_images(start_endpoint, images):
    """Every image as a task of one embedded endpoint."""
    endpoint = start_endpoint()
    yield local_place(endpoint, images)
    endpoint.stop()


@pytest.fixture(scope="session")
def simulated_service():
    with Service() as service:
        yield service


@pytest.fixture(scope="session")
def simulated_images(ferry, simulated_service, simulated_image, tmp_path_factory):
    """Every image as a task at the agent simulator, whose cluster logs nothing.

    A session that something of its command keeps open takes one of the task's two places until it has been idle for so long.
    """
    containers = {name: simulated_image(name) for name in IMAGES}
    return simulated_place(ferry, simulated_service, tmp_path_factory.mktemp("home"), containers, Quirks(idle_limit_s=20))


@pytest.fixture(params=["local", "simulated"])
def place(request):
    """Both in turn."""
    return request.getfixturevalue(f"{request.param}_images")


@pytest.fixture
def enter_simulator(ferry, simulator, simulated_image, tmp_path_factory):
    """enter_simulator(image, container options, **quirks) gives the place of one such task, under the image's name."""

    def enter(image, options=(), **quirks):
        containers = {image: simulated_image(image, **dict(options))}
        simulator.tasks.clear()
        return simulated_place(ferry, simulator, tmp_path_factory.mktemp("home"), containers, Quirks(**quirks))

    return enter
