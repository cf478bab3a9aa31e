import { queryOptions } from "@tanstack/react-query";
import {
  deleteExport,
  type ExportRead,
  type ExportRecipe,
  listExports,
  listRecipes,
  startExport,
} from "./generated";
import { keys } from "./keys";
import { data } from "./problems";

const OPEN = new Set<string>(["pending", "processing"]);
const WHILE_MADE_MS = 2000;

/** Whether an export is still being made. */
export const isOpen = (made: ExportRead): boolean => OPEN.has(made.status);

export const recipesQuery = queryOptions({
  queryKey: ["recipes"],
  queryFn: ({ signal }) => data(listRecipes({ signal })),
  staleTime: Infinity,
});

/** Exports of a task by recipe, newest first. Their progress is no event, so it is asked for. */
export const exportsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.exports(id),
    queryFn: ({ signal }) => data(listExports({ path: { task_id: id }, signal })),
    refetchInterval: (query) => (query.state.data?.some(isOpen) ? WHILE_MADE_MS : false),
  });

export const exporting = {
  /** An export of many lets go first what single people wait for. */
  start: (task_id: string, body: ExportRecipe, lane: "interactive" | "batch" = "interactive") =>
    data(startExport({ path: { task_id }, query: { lane }, body })),
  remove: (task_id: string, export_id: string) => data(deleteExport({ path: { task_id, export_id } })),
};
