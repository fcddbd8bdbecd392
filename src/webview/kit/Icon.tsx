/** A codicon. With a label it speaks for itself; without one it is decoration. */
export function Icon({ name, label, class: extra }: { name: string; label?: string; class?: string }) {
  const classes = `codicon codicon-${name}${extra === undefined ? "" : ` ${extra}`}`;
  return label === undefined ? (
    <span class={classes} aria-hidden="true" />
  ) : (
    <span class={classes} role="img" aria-label={label} title={label} />
  );
}
