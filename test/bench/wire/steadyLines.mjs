/** Prints `count` lines, one every `everyMs`, each with the time at which it was printed on the machine's own clock. */
const [count, everyMs] = process.argv.slice(2).map(Number);
let printed = 0;
const timer = setInterval(() => {
  console.log(`@${process.hrtime.bigint()}@`);
  printed += 1;
  if (printed >= count) clearInterval(timer);
}, everyMs);
