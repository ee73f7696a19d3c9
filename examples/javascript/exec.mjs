// Runs a command in a running task through the AWS SDK for JavaScript and brings its result back.
//
//   node exec.mjs CLUSTER TASK COMMAND...
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { ECSClient, ExecuteCommandCommand } from "@aws-sdk/client-ecs";

// What ferry prints on stdout; what it has to say goes to our stderr.
async function ferry(words, input = "") {
  const child = spawn("ferry", words, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {}); // it ended before it read all: its status tells why
  child.stdin.end(input);
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (output === "") throw new Error(`ferry ${words[0]} ended with status ${status}`);
  return output;
}

// The result that `ferry exec -o json` describes: outcome, exit_code, stdout, stderr, ...
export async function runInTask(ecs, cluster, task, command) {
  const wrapped = (await ferry(["wrap", "--", ...command])).slice(0, -1);
  const response = await ecs.send(new ExecuteCommandCommand({ cluster, task, command: wrapped, interactive: true }));
  return JSON.parse(await ferry(["collect", "-o", "json"], JSON.stringify(response)));
}

const [cluster, task, ...command] = process.argv.slice(2);
const result = await runInTask(new ECSClient(), cluster, task, command);
process.stdout.write(Buffer.from(result.stdout, result.stdout_encoding));
process.stderr.write(Buffer.from(result.stderr, result.stderr_encoding));
// Any other outcome: nobody knows how it ended, and result.explanation says why.
process.exitCode = result.outcome === "exited" ? result.exit_code : 255;
