/** How long a window takes to come to rest. */
exports.restMs = 3_000;
exports.begins = "The flood begins.";
exports.over = "The flood is over.";

/**
 * 10,000 lines a second for so long, in portions as small as a socket brings them, once the window has come to rest.
 * `say` gets what is said before the first line and after the last.
 */
exports.floodFor = async (ms, write, say = (text) => write(`${text}\r\n`)) => {
  await passed(exports.restMs);
  say(exports.begins);
  await passed(500);
  const startedAt = performance.now();
  for (let sent = 0; performance.now() - startedAt < ms; await passed(4)) {
    const now = performance.now() - startedAt;
    let text = "";
    for (; sent < now * 10; sent++) text += `line ${sent} of a flood with some text after it\r\n`;
    if (text !== "") write(text);
  }
  say(exports.over);
};

function passed(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (require.main === module) {
  const write = (text) => process.stdout.write(text);
  // As the title: what a terminal draws on a canvas cannot be read.
  void exports.floodFor(Number(process.argv[2]), write, (text) => write(`\u001b]0;${text}\u0007`));
  // A terminal closes with its program; what it shows is still looked at.
  setTimeout(() => {}, 60_000);
}
