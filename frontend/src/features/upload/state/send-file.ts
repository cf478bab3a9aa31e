import { base64 } from "@/api/base64";
import { addressParts, createUpload, getUpload, type UploadRead } from "@/api/generated";
import { ApiProblem, data } from "@/api/problems";
import { isPassing, pause, putPart } from "./transport";

const HEAD_BYTES = 1024;
const PARTS_AT_ONCE = 3;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 15_000;

export interface Sending {
  file: File;
  uploadId: string | undefined;
  signal: AbortSignal;
  onCreated: (uploadId: string) => void;
  onProgress: (sent: number) => void;
  /** True while the network is away and the upload waits for it. */
  onWaiting: (waiting: boolean) => void;
}

/** Send what has not arrived yet, over as many connections and tries as it takes. Throws: ApiProblem, AbortError. */
export async function sendFile(sending: Sending): Promise<void> {
  const upload = await persist(sending, () => open(sending));
  sending.onCreated(upload.upload_id);
  const arrived = new Set(upload.arrived.map((part) => part.part_number));
  const missing = Array.from({ length: upload.parts }, (_, index) => index + 1).filter(
    (number) => !arrived.has(number),
  );
  const done = upload.arrived.reduce((sum, part) => sum + part.size, 0);
  const progress = new Progress(done, sending.onProgress);
  const line = async () => {
    for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
      const part = number;
      await persist(sending, () => sendPart(sending, upload, part, progress));
    }
  };
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, line));
}

async function open({ file, uploadId }: Sending): Promise<UploadRead> {
  if (uploadId) {
    try {
      return await data(getUpload({ path: { upload_id: uploadId } }));
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 404)) throw error; // cleared meanwhile: begin again
    }
  }
  const head = await base64(file.slice(0, HEAD_BYTES));
  const body = { filename: file.name, size: file.size, content_type: file.type || null, head };
  return data(createUpload({ body }));
}

async function sendPart(sending: Sending, upload: UploadRead, number: number, progress: Progress): Promise<void> {
  const [address] = await data(
    addressParts({ path: { upload_id: upload.upload_id }, body: { part_numbers: [number] } }),
  );
  if (!address) throw new ApiProblem(500, "unknown", "no address for a part");
  const start = (number - 1) * upload.part_size;
  const body = sending.file.slice(start, start + address.size);
  try {
    await putPart({
      url: address.url,
      body,
      signal: sending.signal,
      onProgress: (sent) => progress.tell(number, sent),
    });
    progress.finish(number, address.size);
  } catch (error) {
    progress.tell(number, 0);
    throw error;
  }
}

/** Try until it works or is refused for good; an address that expired counts as worth another try. */
async function persist<T>(sending: Sending, act: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
    try {
      sending.signal.throwIfAborted();
      const result = await act();
      sending.onWaiting(false);
      return result;
    } catch (error) {
      const expired = error instanceof ApiProblem && error.status === 403;
      if (!isPassing(error) && !expired) throw error;
      sending.onWaiting(true);
      await pause(wait, sending.signal);
    }
  }
}

class Progress {
  private readonly inFlight = new Map<number, number>();

  constructor(
    private done: number,
    private readonly onProgress: (sent: number) => void,
  ) {
    onProgress(done);
  }

  tell(number: number, sent: number): void {
    this.inFlight.set(number, sent);
    this.onProgress(this.done + [...this.inFlight.values()].reduce((sum, bytes) => sum + bytes, 0));
  }

  finish(number: number, size: number): void {
    this.inFlight.delete(number);
    this.done += size;
    this.tell(number, 0);
  }
}
