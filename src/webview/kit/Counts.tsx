import { t } from "./l10n.ts";
/** Lines added and removed. */
export function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <span class="counts" role="img" aria-label={t("{0} lines added, {1} removed", added, removed)}>
      <span class="added">+{added}</span> <span class="removed">−{removed}</span>
    </span>
  );
}
