import { useCallback, useEffect, useRef, useState } from "react";
import { auditionVoice, getAudition, type VoiceChoice } from "@/api/generated";
import { data } from "@/api/problems";
import { voiceKey } from "@/core/voices";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "./context";

export type Heard = "waiting" | "playing" | "failed";

export interface Audition {
  /** The voice asked for last, and what became of it. */
  key: string | null;
  state: Heard | null;
  hear: (voice: VoiceChoice | null, segment: string | null) => void;
  stop: () => void;
}

const ASK_EVERY_MS = 250;

/** Hear a voice before it is chosen; the last one asked for is heard, and nothing else meanwhile. */
export function useAudition(): Audition {
  const { task, language, transport } = useEditor();
  const refuse = useRefusal();
  const [heard, setHeard] = useState<{ key: string; state: Heard | null } | null>(null);
  const sound = useRef<HTMLAudioElement | null>(null);
  const running = useRef<AbortController | null>(null);
  const stop = useCallback(() => {
    running.current?.abort();
    sound.current?.pause();
    setHeard(null);
  }, []);
  useEffect(
    () => () => {
      running.current?.abort();
      sound.current?.pause();
    },
    [],
  );
  const hear = (voice: VoiceChoice | null, segment_id: string | null) => {
    stop();
    transport.pause();
    const control = new AbortController();
    running.current = control;
    const key = voiceKey(voice);
    const told = (state: Heard | null) => {
      if (!control.signal.aborted) setHeard({ key, state });
    };
    told("waiting");
    const path = { task_id: task.task_id, language };
    void spoken(path, voice, segment_id, control.signal).then(
      (url) => {
        if (control.signal.aborted) return;
        if (!url) return told("failed");
        const audio = new Audio(url);
        sound.current = audio;
        audio.addEventListener("ended", () => told(null));
        audio.addEventListener("error", () => told("failed"));
        told("playing");
        audio.play().catch(() => told("failed"));
      },
      (error: unknown) => {
        if (control.signal.aborted) return;
        told("failed");
        refuse(error);
      },
    );
  };
  return { key: heard?.key ?? null, state: heard?.state ?? null, hear, stop };
}

/** Where the voice is heard once it spoke; null when it could not. */
async function spoken(
  path: { task_id: string; language: string },
  voice: VoiceChoice | null,
  segment_id: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  let audition = await data(auditionVoice({ path, body: { voice, segment_id }, signal }));
  while (audition.state === "waiting") {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    signal.throwIfAborted();
    audition = await data(getAudition({ path: { ...path, audition_id: audition.audition_id }, signal }));
  }
  return audition.url;
}
