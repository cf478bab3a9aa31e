import { useSearchParams } from "react-router";
import type { TaskFilter } from "@/api/keys";

const SORT = "-created_at";

/** Search, status and order, kept in the address so that they can be shared and come back. */
export function useFilter(): [TaskFilter, (values: Partial<TaskFilter>) => void] {
  const [params, setParams] = useSearchParams();
  const filter = { q: params.get("q") ?? "", status: params.get("status") ?? "", sort: params.get("sort") ?? SORT };
  const set = (values: Partial<TaskFilter>) => {
    const next = { ...filter, ...values };
    const kept = Object.entries(next).filter(([name, value]) => value !== "" && !(name === "sort" && value === SORT));
    setParams(kept, { replace: true });
  };
  return [filter, set];
}
