// What the programs of this folder print: one line of JSON for each thing that happens.
exports.tell = (what, data = {}) => console.log(JSON.stringify({what, data}));

exports.until_stdin_ends = () => {
  process.stdin.on('end', () => process.exit(0)); // an unhandled rejection ends node earlier, with status 1
  process.stdin.resume();
};
