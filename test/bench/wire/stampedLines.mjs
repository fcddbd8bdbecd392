/**
 * Prints `count` lines, each with the time at which it was printed on the machine's own clock: one every `everyMs`, or as
 * fast as the terminal takes them when that is 0. Then every thousandth line bears the time, the others a number.
 */
const [count, everyMs] = process.argv.slice(2).map(Number);
const stamp = () => `@${process.hrtime.bigint()}@`;

if (everyMs === 0) flood();
else steadily();

function steadily() {
  let printed = 0;
  const timer = setInterval(() => {
    console.log(stamp());
    printed += 1;
    if (printed >= count) clearInterval(timer);
  }, everyMs);
}

function flood() {
  for (let printed = 0; printed < count; printed += 1000) {
    let numbers = "";
    for (let line = printed + 2; line <= printed + 1000; line++) numbers += `${line}\n`;
    process.stdout.write(`${stamp()}\n${numbers}`);
  }
}
