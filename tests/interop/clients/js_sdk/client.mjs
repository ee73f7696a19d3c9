// A program on the AWS SDK for JavaScript v3: it makes one call, given as JSON, and tells the errors apart by their names.
//
//   node client.mjs OPERATION JSON    with the endpoint in ENDPOINT and credentials and region in the usual variables
import { CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  ClusterNotFoundException,
  DescribeTasksCommand,
  ECSClient,
  ExecuteCommandCommand,
  InvalidParameterException,
  RunTaskCommand,
  waitUntilTasksStopped,
} from "@aws-sdk/client-ecs";

const [operation, text] = process.argv.slice(2);
const input = JSON.parse(text);
const configuration = { endpoint: process.env.ENDPOINT, region: process.env.AWS_REGION, maxAttempts: 1 };
const ecs = new ECSClient(configuration);
const logs = new CloudWatchLogsClient(configuration);

const operations = {
  RunTask: () => ecs.send(new RunTaskCommand(input)),
  ExecuteCommand: () => ecs.send(new ExecuteCommandCommand(input)),
  DescribeTasks: () => ecs.send(new DescribeTasksCommand(input)),
  GetLogEvents: () => logs.send(new GetLogEventsCommand(input)),
  WaitTasksStopped: async () => {
    await waitUntilTasksStopped({ client: ecs, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, input);
    return ecs.send(new DescribeTasksCommand(input));
  },
};

function branch(error) {
  if (error instanceof ClusterNotFoundException) return "cluster not found";
  if (error instanceof InvalidParameterException) return "invalid parameter";
  return `other: ${error.name}`;
}

try {
  console.log(JSON.stringify(await operations[operation]()));
} catch (error) {
  console.log(JSON.stringify({ branch: branch(error), message: error.message }));
}
