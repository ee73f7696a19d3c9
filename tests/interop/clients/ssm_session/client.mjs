// A session client on the npm package ssm-session, which knows nothing of ferry: what comes on standard input goes into
// the session, what comes from the session goes to standard output.
//
//   node client.mjs    with the session's address and token in STREAM_URL and TOKEN
//
// The exit status is 0 if the session ended with channel_closed (whose Output goes to standard error), else 1.
import sessions from "ssm-session";
import WebSocket from "ws";

const { ssm } = sessions;
const CHUNK = 1000;
const socket = new WebSocket(process.env.STREAM_URL);
socket.binaryType = "arraybuffer";

let expected = 0;
let isOpen = false;
const waiting = [];

function send(bytes) {
  for (let at = 0; at < bytes.length; at += CHUNK) {
    // The package makes a byte of each character.
    ssm.sendText(socket, bytes.subarray(at, at + CHUNK).toString("latin1"));
  }
}

socket.on("open", () => ssm.init(socket, { token: process.env.TOKEN, termOptions: { rows: 24, cols: 80 } }));

socket.on("message", (data) => {
  const message = ssm.decode(data);
  const type = message.messageType.replaceAll("\0", "");
  if (type === "output_stream_data") {
    if (message.sequenceNumber > expected) return; // not acknowledged, so it comes again
    ssm.sendACK(socket, message);
    if (message.sequenceNumber < expected) return;
    expected += 1;
    process.stdout.write(message.payload);
    isOpen = true;
    waiting.splice(0).forEach(send);
  } else if (type === "channel_closed") {
    process.stderr.write(JSON.parse(Buffer.from(message.payload).toString()).Output);
    process.exitCode = 0;
    socket.close();
    process.stdin.destroy();
  }
});

process.exitCode = 1;
process.stdin.on("data", (bytes) => (isOpen ? send(bytes) : waiting.push(bytes)));
