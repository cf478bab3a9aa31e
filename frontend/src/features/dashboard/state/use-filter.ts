import { useSearchParams } from "react-router";
import type { TaskFilter } from "@/api/keys";

/** Search, status, order and batch, kept in the address so that they can be shared and come back. */
export function useFilter(): [TaskFilter, (values: Partial<TaskFilter>) => void] {
  const [params, setParams] = useSearchParams();
  const batch = params.get("batch") ?? "";
  const usual = batch ? "batch_row" : "-created_at";
  const filter = {
    q: params.get("q") ?? "",
    status: params.get("status") ?? "",
    sort: params.get("sort") ?? usual,
    batch,
  };
  const set = (values: Partial<TaskFilter>) => {
    const next = { ...filter, ...values };
    const kept = Object.entries(next).filter(([name, value]) => value !== "" && !(name === "sort" && value === usual));
    setParams(kept, { replace: true });
  };
  return [filter, set];
}
