import type { Scenario } from "../scenario.ts";

/**
 * No model answers at once. Codex relies on it: it reports the end of a command some time after its result went to the
 * model, and not at all if the turn is over by then.
 */
const thinkingMs = 400;

/** "fix the add function" in the `broken` repository: read, edit, write a new file, run the tests. */
const editAndTest: Scenario = {
  name: "edit-and-test",
  turns: [
    {
      match: /fix the add function/i,
      steps: [
        {
          thought: "The tests say that add is wrong. I look at the code first.",
          text: "I'll read the source of `add`.",
          calls: [{ tool: "read", path: "src/math.mjs" }],
        },
        {
          text: "`add` subtracts. That is a one-line fix.",
          calls: [{ tool: "edit", path: "src/math.mjs", old: "  return a - b; // add", new: "  return a + b;" }],
        },
        {
          text: "A line in the change log says so.",
          calls: [{ tool: "write", path: "CHANGES.md", content: "# Changes\n\n- `add` adds; it used to subtract.\n" }],
        },
        { text: "Does it hold?", calls: [{ tool: "shell", command: "node --test", why: "Run the tests" }] },
        { text: "Done: `add` in src/math.mjs adds, CHANGES.md says so, and the tests pass.", delayMs: thinkingMs },
      ],
    },
    {
      match: /what did you change/i,
      steps: [{ text: "I fixed `add` in src/math.mjs and wrote CHANGES.md." }],
    },
  ],
};

/** "support the %c placeholder" in the `package` repository: source, tests and documentation of a published package. */
const formatPlaceholder: Scenario = {
  name: "format-placeholder",
  turns: [
    {
      match: /support the %c placeholder/i,
      steps: [
        { text: "First I look at how placeholders are handled.", calls: [{ tool: "read", path: "index.js" }] },
        {
          text: "Node's own `util.format` consumes the argument of `%c` and prints nothing. The same goes here.",
          calls: [
            {
              tool: "edit",
              path: "index.js",
              old: "        case 37: // '%'",
              new: [
                "        case 99: // 'c'",
                "          if (a >= argLen)",
                "            break",
                "          if (lastPos < i)",
                "            str += f.slice(lastPos, i)",
                "          lastPos = i + 2",
                "          i++",
                "          break",
                "        case 37: // '%'",
              ].join("\n"),
            },
          ],
        },
        {
          text: "Two tests for it.",
          calls: [
            {
              tool: "write",
              path: "test/css.js",
              content: [
                "'use strict'",
                "const assert = require('assert')",
                "const format = require('../')",
                "",
                "assert.equal(format('%cred', ['color: red']), 'red')",
                "assert.equal(format('a %c b %s', ['color: red', 'x']), 'a  b x')",
                "",
              ].join("\n"),
            },
          ],
        },
        {
          text: "I run the old tests and the added ones.",
          calls: [
            { tool: "shell", command: "node test && node test/css.js && echo all tests pass", why: "Run the tests" },
          ],
        },
        {
          text: "Done: `%c` is supported as in `util.format`; test/css.js proves it and the other tests pass.",
          delayMs: thinkingMs,
        },
      ],
    },
  ],
};

/** "clean the build output": a command that needs permission. It leaves CLEANED.md behind as its proof. */
const askPermission: Scenario = {
  name: "ask-permission",
  turns: [
    {
      match: /clean the build output/i,
      steps: [
        {
          text: "I need to delete build/, which can't be undone.",
          calls: [
            {
              tool: "shell",
              command: "rm -rf build && echo '# The build output was deleted' > CLEANED.md",
              why: "Delete the build output",
            },
          ],
        },
        { text: "Finished: the result of the command says whether I was allowed." },
      ],
    },
  ],
};

/** "make a plan": a plan, an edit, the plan again. */
const plan: Scenario = {
  name: "plan",
  turns: [
    {
      match: /make a plan/i,
      steps: [
        {
          text: "I plan this first.",
          calls: [
            {
              tool: "plan",
              items: [
                { text: "Read the code", status: "in_progress" },
                { text: "Write down what it does", status: "pending" },
              ],
            },
          ],
        },
        {
          text: "The plan stands.",
          calls: [
            { tool: "write", path: "PLAN.md", content: "# Plan\n\n1. Read the code\n2. Write down what it does\n" },
          ],
        },
        { text: "That is the plan; it is in PLAN.md." },
      ],
    },
  ],
};

/** "ask me for a colour": a question to the user, for agents that can ask. */
const askQuestion: Scenario = {
  name: "ask-question",
  turns: [
    {
      match: /ask me for a colour/i,
      steps: [
        { text: "One thing first.", calls: [{ tool: "ask", question: "Which colour?", choices: ["Red", "Blue"] }] },
        { text: "Thank you, that is all." },
      ],
    },
  ],
};

/** "write slowly": a text that streams for about fifteen seconds, to watch or to cancel. */
const slowStream: Scenario = {
  name: "slow-stream",
  turns: [
    {
      match: /write slowly/i,
      steps: [
        {
          text: "One thing after another. ".repeat(50),
          chunk: 12,
          gapMs: 150,
        },
      ],
    },
    {
      match: /run a slow command/i,
      steps: [
        {
          text: "This takes a while.",
          calls: [{ tool: "shell", command: "node -e 'setTimeout(() => {}, 60000)'", why: "Wait a minute" }],
        },
        { text: "It is over." },
      ],
    },
  ],
};

/** "always fail": the model's server is down. */
const failing: Scenario = {
  name: "failing",
  turns: [
    { match: /always fail/i, steps: [{ text: "never said", failure: { status: 400, times: 1_000_000 } }] },
    { match: /fail once/i, steps: [{ text: "Hello after an error.", failure: { status: 500 } }] },
  ],
};

/** All scenarios that the suites and the demo use. Their prompts are disjoint, so a server can serve all at once. */
export const CODING_SCENARIOS: readonly Scenario[] = [
  editAndTest,
  formatPlaceholder,
  askPermission,
  plan,
  askQuestion,
  slowStream,
  failing,
];
