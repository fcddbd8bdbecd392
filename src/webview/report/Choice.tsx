interface ChoiceProps<T extends string> {
  name: string;
  options: readonly (readonly [value: T, label: string])[];
  value: T;
  onChoose: (value: T) => void;
}

/** A few options of which one holds: radio buttons that look like one bar. */
export function Choice<T extends string>({ name, options, value, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend class="sr-only">{name}</legend>
      {options.map(([option, label]) => (
        <label key={option} class={option === value ? "chosen" : undefined}>
          <input type="radio" name={name} checked={option === value} onChange={() => onChoose(option)} />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
