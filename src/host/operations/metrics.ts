/** A metric in Prometheus's text format. Names end in their unit: `_seconds`, `_bytes`, `_total` for what only grows. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: () => Iterable<readonly [suffix: string, labels: Labels, value: number]>;
}

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount?: number, labels?: Labels): void;
}

export interface Histogram {
  observe(value: number): void;
}

/** A gauge's value, or one for each set of labels; undefined where it cannot be told. */
type Reading = number | undefined | Iterable<readonly [Labels, number]>;

/** What the host counts, and how it is told to Prometheus. Labels take few values: never a session, a person or a path. */
export class Metrics {
  readonly #families: Family[] = [];

  counter(name: string, help: string): Counter {
    const totals = new Map<string, { readonly labels: Labels; value: number }>();
    this.#families.push({
      name,
      help,
      type: "counter",
      samples: function* () {
        if (totals.size === 0) yield ["", {}, 0];
        for (const { labels, value } of totals.values()) yield ["", labels, value];
      },
    });
    return {
      add(amount = 1, labels = {}) {
        const key = JSON.stringify(labels);
        const total = totals.get(key) ?? { labels, value: 0 };
        total.value += amount;
        totals.set(key, total);
      },
    };
  }

  /** `bounds`: upper ends of the buckets, growing. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const counts = bounds.map(() => 0);
    const all = { count: 0, sum: 0 };
    this.#families.push({
      name,
      help,
      type: "histogram",
      samples: function* () {
        for (const [index, bound] of bounds.entries()) yield ["_bucket", { le: String(bound) }, counts[index] ?? 0];
        yield ["_bucket", { le: "+Inf" }, all.count];
        yield ["_sum", {}, all.sum];
        yield ["_count", {}, all.count];
      },
    });
    return {
      observe(value) {
        all.count += 1;
        all.sum += value;
        for (const [index, bound] of bounds.entries()) if (value <= bound) counts[index] = (counts[index] ?? 0) + 1;
      },
    };
  }

  /** Read when it is asked for. `type` is "counter" for what something else counts already. */
  gauge(name: string, help: string, read: () => Reading, type: "gauge" | "counter" = "gauge"): void {
    this.#families.push({
      name,
      help,
      type,
      samples: function* () {
        const reading = read();
        if (reading === undefined) return;
        if (typeof reading === "number") yield ["", {}, reading];
        else for (const [labels, value] of reading) yield ["", labels, value];
      },
    });
  }

  /** Everything as it is at this moment, in the text exposition format 0.0.4. */
  text(): string {
    const lines: string[] = [];
    for (const { name, help, type, samples } of this.#families) {
      lines.push(`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`);
      for (const [suffix, labels, value] of samples()) lines.push(`${name}${suffix}${toText(labels)} ${value}`);
    }
    return `${lines.join("\n")}\n`;
  }
}

function toText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** As Prometheus writes it, which is as JSON does for the three characters that matter. */
function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
