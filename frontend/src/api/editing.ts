import {
  assignLines,
  chooseTake,
  createSpeaker,
  deleteSegment,
  dubLines,
  insertSegment,
  type LineUpdate,
  mergeSegments,
  mergeSpeakers,
  redoEdit,
  type SegmentNew,
  type SegmentSplit,
  type SpeakerUpdate,
  splitSegment,
  undoEdit,
  type LineChange,
  updateLine,
  updateLines,
  updateSpeaker,
  updateSpeakers,
  type VoiceChoice,
} from "./generated";
import { data } from "./problems";

/** The header that makes an edit count only if nobody else was faster. */
export const match = (version: number): { "If-Match": string } => ({ "If-Match": `"${version}"` });

/** Edits of a task, each with what it needs to name. */
export const editing = {
  insert: (task_id: string, body: SegmentNew) => data(insertSegment({ path: { task_id }, body })),
  remove: (task_id: string, segment_id: string, version: number) =>
    data(deleteSegment({ path: { task_id, segment_id }, headers: match(version) })),
  split: (task_id: string, segment_id: string, version: number, body: SegmentSplit) =>
    data(splitSegment({ path: { task_id, segment_id }, body, headers: match(version) })),
  merge: (task_id: string, segment_ids: string[]) => data(mergeSegments({ path: { task_id }, body: { segment_ids } })),
  changeLine: (task_id: string, language: string, segment_id: string, version: number, body: LineUpdate) =>
    data(updateLine({ path: { task_id, language, segment_id }, body, headers: match(version) })),
  /** Several lines as one edit. */
  changeLines: (task_id: string, language: string, lines: LineChange[]) =>
    data(updateLines({ path: { task_id, language }, body: { lines } })),
  chooseTake: (task_id: string, language: string, segment_id: string, take_id: string, version: number) =>
    data(chooseTake({ path: { task_id, language, segment_id, take_id }, headers: match(version) })),
  dub: (task_id: string, language: string, segment_ids: string[]) =>
    data(dubLines({ path: { task_id, language }, body: { segment_ids } })),
  undo: (task_id: string) => data(undoEdit({ path: { task_id } })),
  redo: (task_id: string) => data(redoEdit({ path: { task_id } })),
  addSpeaker: (task_id: string, name: string) => data(createSpeaker({ path: { task_id }, body: { name } })),
  changeSpeaker: (task_id: string, speaker_id: string, version: number, body: SpeakerUpdate) =>
    data(updateSpeaker({ path: { task_id, speaker_id }, body, headers: match(version) })),
  /** One voice for several speakers (null: everybody) and all their lines, as one edit. */
  changeSpeakers: (task_id: string, voice: VoiceChoice | null, speaker_ids: string[] | null) =>
    data(updateSpeakers({ path: { task_id }, body: { voice, speaker_ids } })),
  assign: (task_id: string, speaker_id: string, segment_ids: string[]) =>
    data(assignLines({ path: { task_id, speaker_id }, body: { segment_ids } })),
  mergeSpeakers: (task_id: string, from: string[], into: string) =>
    data(mergeSpeakers({ path: { task_id }, body: { from, into } })),
};
