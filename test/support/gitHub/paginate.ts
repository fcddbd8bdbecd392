/** The page of a list that `page` and `per_page` ask for; GitHub's defaults, and never more than 100. */
export function paginate<T>(items: readonly T[], query: URLSearchParams): readonly T[] {
  const size = Math.min(100, Math.max(1, Number(query.get("per_page") ?? 30) || 30));
  const page = Math.max(1, Number(query.get("page") ?? 1) || 1);
  return items.slice((page - 1) * size, page * size);
}
