import { count } from "./format.ts";

/** Lines added and removed. */
export function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <span class="counts" role="img" aria-label={`${count(added, "line")} added, ${removed} removed`}>
      <span class="added">+{added}</span> <span class="removed">−{removed}</span>
    </span>
  );
}
