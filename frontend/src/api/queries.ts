import { queryOptions } from "@tanstack/react-query";
import {
  getPicture,
  getTask,
  listArtifacts,
  listEngines,
  listLanguages,
  listLines,
  listLogs,
  listReview,
  listSegments,
  listSpeakers,
  listTaskEngines,
  listTasks,
  listVoices,
  listWishes,
  readyz,
} from "./generated";
import type { TaskPage } from "./cache";
import type { Health } from "./generated";
import { keys, type TaskFilter } from "./keys";
import { answer, data, toProblem } from "./problems";

/** Every read of the gateway that pages share, under the key that events patch it by. */
export const PAGE_SIZE = 48;

/** Whether batches stand as groups beside the tasks of none; who looks for something finds it in batches, too. */
export const isGrouped = ({ q, status, batch }: TaskFilter): boolean => !q && !status && !batch;

export const pageQuery = (filter: TaskFilter, page: number) =>
  queryOptions({
    queryKey: keys.page(filter, page),
    queryFn: async ({ signal }): Promise<TaskPage> => {
      const query = {
        skip: page * PAGE_SIZE,
        limit: PAGE_SIZE,
        q: filter.q,
        sort: filter.sort as "name",
        ...(filter.status ? { status: filter.status as "failed" } : {}),
        ...(filter.batch ? { batch_id: filter.batch } : isGrouped(filter) ? { batched: false } : {}),
      };
      const { data: items, response } = await answer(listTasks({ query, signal }));
      return { items, total: Number(response.headers.get("X-Total-Count") ?? items.length) };
    },
  });

export const taskQuery = (id: string) =>
  queryOptions({ queryKey: keys.task(id), queryFn: ({ signal }) => data(getTask({ path: { task_id: id }, signal })) });

export const linesQuery = (id: string, language: string) =>
  queryOptions({
    queryKey: keys.lines(id, language),
    queryFn: ({ signal }) => data(listLines({ path: { task_id: id, language }, signal })),
    enabled: language !== "",
  });

export const segmentsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.segments(id),
    queryFn: ({ signal }) => data(listSegments({ path: { task_id: id }, signal })),
  });

export const speakersQuery = (id: string) =>
  queryOptions({
    queryKey: keys.speakers(id),
    queryFn: ({ signal }) => data(listSpeakers({ path: { task_id: id }, signal })),
  });

const MOST_LINES = 1000;

/** Lines worth a person's time, over all languages, worst first; `issue` marks those that each language counts. */
export const reviewQuery = (id: string) =>
  queryOptions({
    queryKey: keys.review(id),
    queryFn: ({ signal }) =>
      data(listReview({ path: { task_id: id }, query: { limit: MOST_LINES, minor: true }, signal })),
  });

export const voicesQuery = (language: string) =>
  queryOptions({
    queryKey: ["voices", language],
    queryFn: ({ signal }) => data(listVoices({ query: { language }, signal })),
    enabled: language !== "",
  });

export const artifactsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.artifacts(id),
    queryFn: ({ signal }) => data(listArtifacts({ path: { task_id: id }, signal })),
  });

export const logsQuery = (id: string) =>
  queryOptions({ queryKey: keys.logs(id), queryFn: ({ signal }) => data(listLogs({ path: { task_id: id }, signal })) });

export const pictureQuery = (id: string) =>
  queryOptions({
    queryKey: keys.picture(id),
    queryFn: ({ signal }) => data(getPicture({ path: { task_id: id }, signal })),
  });

export const taskEnginesQuery = (id: string) =>
  queryOptions({
    queryKey: keys.taskEngines(id),
    queryFn: ({ signal }) => data(listTaskEngines({ path: { task_id: id }, signal })),
  });

/** What the translator of a language can be asked for. */
export const wishesQuery = (id: string, language: string) =>
  queryOptions({
    queryKey: keys.wishes(id, language),
    queryFn: ({ signal }) => data(listWishes({ path: { task_id: id, language }, signal })),
  });

export const languagesQuery = queryOptions({
  queryKey: keys.languages,
  queryFn: ({ signal }) => data(listLanguages({ signal })),
});
export const enginesQuery = queryOptions({
  queryKey: keys.engines,
  queryFn: ({ signal }) => data(listEngines({ signal })),
});
/** Of a gateway that is not ready, too: the answer tells what is away. */
export const healthQuery = queryOptions({
  queryKey: keys.health,
  queryFn: async ({ signal }): Promise<Health> => {
    const { data: ready, error, response } = await readyz({ query: { all: true }, signal });
    if (ready) return ready;
    if (response?.status === 503 && error && "checks" in error) return error;
    throw toProblem(response?.status ?? 0, error);
  },
});
