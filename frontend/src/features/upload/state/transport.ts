import { ApiProblem, toProblem } from "@/api/problems";

/** No byte moved for this long: the network went away without a word, as it does when a computer slept. */
const STALL_MS = 30_000;

export interface PartRequest {
  url: string;
  body: Blob;
  signal: AbortSignal;
  onProgress: (sent: number) => void;
}

/** PUT a part, telling how far it is, which fetch() cannot. Throws: ApiProblem; AbortError when canceled. */
export function putPart({ url, body, signal, onProgress }: PartRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let stall: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(stall);
      stall = setTimeout(() => request.abort(), STALL_MS);
    };
    const stop = () => request.abort();
    const end = () => {
      clearTimeout(stall);
      signal.removeEventListener("abort", stop);
    };
    request.open("PUT", url);
    request.upload.addEventListener("progress", (event) => {
      alive();
      onProgress(event.loaded);
    });
    request.addEventListener("load", () => {
      end();
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(toProblem(request.status, parse(request.responseText)));
    });
    request.addEventListener("error", () => {
      end();
      reject(toProblem(0, null));
    });
    request.addEventListener("abort", () => {
      end();
      reject(signal.aborted ? new DOMException("canceled", "AbortError") : toProblem(0, null));
    });
    signal.addEventListener("abort", stop);
    alive();
    request.send(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** Wait before the next try; the network coming back ends the wait. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      if (signal.aborted) reject(new DOMException("canceled", "AbortError"));
      else resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
