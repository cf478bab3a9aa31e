import { client } from "./generated/client.gen";
import { data, isAbsent } from "./problems";

/** Exports by recipe. A gateway without them has no recipes, and what needs them is not shown. */
export type Recipe = Record<string, unknown>;

export interface ExportFile {
  name: string;
  size: number;
  media_type: string;
  url: string;
}

export interface ExportRead {
  export_id: string;
  status: string;
  progress?: number;
  recipe: Recipe;
  files: ExportFile[];
  error_message: string | null;
}

type Answer<T> = Promise<{ data?: T }>;
const json = { "Content-Type": "application/json" };

export async function listRecipes(): Promise<Record<string, Recipe>> {
  try {
    return await data(client.get({ url: "/api/recipes" }) as Answer<Record<string, Recipe>>);
  } catch (error) {
    if (isAbsent(error)) return {};
    throw error;
  }
}

export const listExports = (id: string) => data(client.get({ url: `/api/tasks/${id}/exports` }) as Answer<ExportRead[]>);
export const makeExport = (id: string, body: Recipe) => data(client.post({ url: `/api/tasks/${id}/exports`, body, headers: json }) as Answer<ExportRead>);
export const removeExport = (id: string, export_id: string) => data(client.delete({ url: `/api/tasks/${id}/exports/${export_id}` }) as Answer<void>);
