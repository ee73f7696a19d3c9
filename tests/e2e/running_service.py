"""A service with one running task, for tests that enter it."""

from local_endpoint import task_definition, wait_until


def environment_of(endpoint):
    """What a person's shell has after `eval "$(ferry local env)"`."""
    return {**endpoint.environment, **endpoint.variables}


def running_tasks(endpoint, **selection):
    ecs = endpoint.client("ecs")
    arns = ecs.list_tasks(desiredStatus="RUNNING", **selection)["taskArns"]
    tasks = ecs.describe_tasks(tasks=arns)["tasks"] if arns else []
    return [task["taskArn"] for task in tasks if task["lastStatus"] == "RUNNING"]


def enterable_task(endpoint, name="web", **container):
    """The ARN of a running task of the service, which is created where it is missing."""
    ecs = endpoint.client("ecs")
    if not ecs.describe_services(services=[name])["services"]:
        ecs.register_task_definition(**task_definition(family=name, container={"command": ["sleep", "1000000"], **container}))
        ecs.create_service(serviceName=name, taskDefinition=name, desiredCount=1, enableExecuteCommand=True)
    return wait_until(lambda: running_tasks(endpoint, serviceName=name), f"service {name} runs its task")[0]
