import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { Proxy } from "./proxy";

const root = new URL("../..", import.meta.url).pathname;
const KEYS = { user: "localclip", password: "localclip-test" };
const BUCKET = "shelf";

/** A LocalClip whose files lie in MinIO, and may be copied into a bucket beside its own; `store` stands before MinIO. */
export class BucketStack {
  readonly store: Proxy;
  private constructor(
    readonly url: string,
    private readonly minio: string,
    private readonly objects: string,
    private readonly running: ChildProcess[],
    store: Proxy,
  ) {
    this.store = store;
  }

  static readonly binary = [`${root}.tools/bin/minio`, ...(process.env["PATH"] ?? "").split(":").map((at) => `${at}/minio`)].find((file) => existsSync(file));

  static async start(folder: string): Promise<BucketStack> {
    const [minio, app] = [await freePort(), await freePort()];
    const objects = `${folder}/objects`;
    mkdirSync(`${objects}/${BUCKET}`, { recursive: true }); // MinIO takes a folder for a bucket
    const login = { MINIO_ROOT_USER: KEYS.user, MINIO_ROOT_PASSWORD: KEYS.password, MINIO_BROWSER: "off" };
    const shelf = run(BucketStack.binary ?? "minio", ["server", objects, "--address", `127.0.0.1:${minio}`, "--quiet"], login);
    const store = new Proxy(`http://127.0.0.1:${minio}`);
    const endpoint = (await store.start()).replace("http://", "");
    const stack = run(`${root}.venv/bin/localclip`, ["up", "--port", `${app}`, "--data", `${folder}/data`], {
      LOCALCLIP_PROFILE: "embedded",
      NATS_URL: "",
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: KEYS.user,
      S3_SECRET_KEY: KEYS.password,
      LOCALCLIP_DELIVERY_PREFIX: `${BUCKET}/ready`,
    });
    return new BucketStack(`http://127.0.0.1:${app}`, `127.0.0.1:${minio}`, objects, [stack, shelf], store);
  }

  /** Put an object beside the copies, or take it away, as somebody else would. */
  somebodyElse(key: string, does: "puts" | "removes"): void {
    const call = does === "puts" ? "m.put_object(sys.argv[4], sys.argv[5], io.BytesIO(b'x'), 1)" : "m.remove_object(sys.argv[4], sys.argv[5])";
    const script = `import io, sys; from minio import Minio; m = Minio(sys.argv[1], sys.argv[2], sys.argv[3], secure=False); ${call}`;
    execFileSync(`${root}.venv/bin/python`, ["-c", script, this.minio, KEYS.user, KEYS.password, BUCKET, key]);
  }

  has(key: string): boolean {
    return existsSync(`${this.objects}/${BUCKET}/${key}`);
  }

  async stop(): Promise<void> {
    for (const child of this.running) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
    }
    this.store.stop();
  }
}

function run(command: string, words: string[], environment: Record<string, string>): ChildProcess {
  return spawn(command, words, { cwd: root, env: { ...process.env, ...environment }, stdio: "ignore" });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
