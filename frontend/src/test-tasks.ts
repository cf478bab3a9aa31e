import type { LanguageStatus, LineRead, SegmentRead, TaskRead } from "@/api/generated";

/** Tasks, segments and lines for tests, with what a test does not care about filled in. */
export function language(values: Partial<LanguageStatus> = {}): LanguageStatus {
  return {
    status: "pending",
    progress: 0,
    stage: null,
    message: "",
    eta_seconds: null,
    issues: 0,
    error_code: null,
    error_message: null,
    stages: {},
    ...values,
  };
}

export function task(languages: Record<string, LanguageStatus> = {}, values: Partial<TaskRead> = {}): TaskRead {
  return {
    id: 1,
    task_id: "task_1",
    video_filename: "task_1_a.mp4",
    video_original_name: "a.mp4",
    video_size: 1_000_000,
    status: "processing",
    language_status: { base: language({ status: "processing", stage: "speaker_diarization" }), ...languages },
    config: { target_languages: Object.keys(languages) },
    media: null,
    source_language: "en",
    note: null,
    error_code: null,
    error_message: null,
    version: 1,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    ...values,
  };
}

export function segment(id: string, start_s: number, end_s: number, text = "text"): SegmentRead {
  return { segment_id: id, start_s, end_s, speaker_id: "spk_1", text, words: [], version: 1 };
}

export function line(of: SegmentRead, values: Partial<LineRead> = {}): LineRead {
  return {
    segment_id: of.segment_id,
    start_s: of.start_s,
    end_s: of.end_s,
    speaker_id: of.speaker_id,
    source_text: of.text,
    text: "Text",
    state: "dubbed",
    edited: false,
    source_changed: false,
    take_key: "k",
    take_start_s: of.start_s,
    take_duration_s: 1,
    natural_s: 1,
    speed: 1,
    fit: "natural",
    decision: null,
    error_code: null,
    error_message: null,
    version: 1,
    moved: false,
    omitted: false,
    pinned: false,
    origin: "engine",
    voice: null,
    alternatives: [],
    heard: null,
    error_rate: null,
    similarity: null,
    rounds: 0,
    ...values,
  } as LineRead;
}
