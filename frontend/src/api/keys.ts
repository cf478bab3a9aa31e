/** Query keys: one place, because events patch the cache by them. */
export interface TaskFilter {
  q: string;
  status: string;
  sort: string;
  /** Only those of this batch. */
  batch: string;
}

export const keys = {
  tasks: ["tasks"] as const,
  page: (filter: TaskFilter, page: number) => ["tasks", filter, page] as const,
  task: (id: string) => ["task", id] as const,
  lines: (id: string, language: string) => ["task", id, "lines", language] as const,
  segments: (id: string) => ["task", id, "segments"] as const,
  speakers: (id: string) => ["task", id, "speakers"] as const,
  artifacts: (id: string) => ["task", id, "artifacts"] as const,
  report: (id: string, language: string) => ["task", id, "report", language] as const,
  logs: (id: string) => ["task", id, "logs"] as const,
  takes: (id: string, language: string, segment: string) => ["task", id, "takes", language, segment] as const,
  edits: (id: string) => ["task", id, "edits"] as const,
  exports: (id: string) => ["task", id, "exports"] as const,
  peaks: (id: string) => ["task", id, "peaks"] as const,
  review: (id: string) => ["task", id, "review"] as const,
  picture: (id: string) => ["task", id, "picture"] as const,
  wishes: (id: string, language: string) => ["task", id, "wishes", language] as const,
  waits: (id: string) => ["task", id, "waits"] as const,
  taskEngines: (id: string) => ["task", id, "engines"] as const,
  batches: ["batches"] as const,
  batchPage: (page: number) => ["batches", page] as const,
  batch: (id: string) => ["batches", id] as const,
  batchRows: (id: string, outcome: string, page: number) => ["batches", id, outcome, page] as const,
  languages: ["languages"] as const,
  engines: ["engines"] as const,
  health: ["health"] as const,
};
