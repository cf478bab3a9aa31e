/** What the gateway said when it did not do what was asked; `code` decides the words a person reads. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly pointer: string | undefined;

  constructor(status: number, code: string, detail: string, pointer?: string) {
    super(detail);
    this.name = "ApiProblem";
    this.status = status;
    this.code = code;
    this.pointer = pointer;
  }
}

interface ProblemDocument {
  code?: string;
  detail?: string;
  errors?: { pointer?: string; detail?: string }[];
}

/** Read an error body of any shape. Status 0: no answer came. */
export function toProblem(status: number, body: unknown): ApiProblem {
  const document = typeof body === "object" && body !== null ? (body as ProblemDocument) : {};
  const first = document.errors?.[0];
  const code = document.code ?? (status === 0 ? "offline" : "unknown");
  return new ApiProblem(status, code, first?.detail ?? document.detail ?? "", first?.pointer);
}

interface Result<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

/** The data of an answer of the generated client. Throws: ApiProblem. */
export async function data<T>(request: Promise<Result<T>>): Promise<T> {
  return (await answer(request)).data;
}

/** The same with the response, for its headers. */
export async function answer<T>(request: Promise<Result<T>>): Promise<{ data: T; response: Response }> {
  const { data, error, response } = await request;
  if (response === undefined) throw toProblem(0, error);
  if (!response.ok) throw toProblem(response.status, error);
  return { data: data as T, response };
}

/** Whether a route is one this gateway does not have. */
export function isAbsent(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 404 || error.status === 405 || error.status === 501);
}
