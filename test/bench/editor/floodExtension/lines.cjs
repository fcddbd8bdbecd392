/** 10,000 lines a second for so long, in portions as small as a socket brings them; the last line says that it is over. */
exports.floodFor = (ms, write) => {
  const startedAt = performance.now();
  let sent = 0;
  const more = () => {
    const now = performance.now() - startedAt;
    let text = "";
    for (; sent < now * 10; sent++) text += `line ${sent} of a flood with some text after it\r\n`;
    if (text !== "") write(text);
    if (now < ms) setTimeout(more, 4);
    else write("The flood is over.\r\n");
  };
  more();
};

if (require.main === module) {
  exports.floodFor(Number(process.argv[2]), (text) => process.stdout.write(text));
  // A terminal closes with its program; what it shows is still looked at.
  setTimeout(() => {}, 60_000);
}
