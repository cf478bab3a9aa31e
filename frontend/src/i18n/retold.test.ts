import { expect, it } from "vitest";
import { sentences } from "./zh.sentences.json";
import { retell } from "./zh";

const services = Object.values(
  import.meta.glob<string>(["../../../services/**/*.py", "../../../shared/**/*.py"], { query: "?raw", import: "default", eager: true }),
)
  .join("\n")
  .replaceAll(/(["'])\s*\n\s*f?\1/g, "") // a text over several lines is one
  .replaceAll(/\{[^{}\n]*\}/g, "{}");

it("every sentence that is retold is one that a service says", () => {
  const missing = Object.keys(sentences).filter((one) => !services.includes(one.replaceAll(/\{\w+\}/g, "{}")));
  expect(missing).toEqual([]);
});

it("every sentence is told by itself, with its values", () => {
  for (const [english, chinese] of Object.entries(sentences)) {
    const said = english.replaceAll(/\{(\w)\}/g, "1.5").replaceAll(/\{\w+\}/g, "French");
    const [told, rest] = retell(said);
    expect(rest, english).toBe("");
    expect(told, english).toBe(chinese.replaceAll(/\{(\w)\}/g, "1.5").replaceAll(/\{\w+\}/g, "法语"));
  }
});

it("what a service joined is told piece by piece", () => {
  const told = (english: string) => retell(english);
  expect(told("Taken as English: pocketsphinx knows no other language. Set the source language if another is spoken.")).toEqual([
    "已当作英语处理：pocketsphinx 只认识这种语言。如果说的是其他语言，请设置原语言。",
    "",
  ]);
  expect(told("begins 0.20 s early, 1.50 times natural speed and still 0.40 s too long: it needs a shorter translation")).toEqual([
    "提前 0.20 秒开始，语速为自然语速的 1.50 倍，仍超出 0.40 秒：需要更短的译文",
    "",
  ]);
  expect(told("round 2: shorter translation chosen (40 → 31 characters), natural speed; no shorter translation fits better (2 tried)")).toEqual([
    "第 2 轮：选用了更短的译文（40 → 31 个字符），自然语速；没有更合适的更短的译文（已试 2 个）",
    "",
  ]);
  expect(
    told(
      "This may not be English: most of it sounds like French. It was dubbed all the same (on_doubt: continue). Have it heard again as French, or bring subtitles.",
    ),
  ).toEqual(["这可能不是英语：大部分听起来像法语。仍已照常配音（处理疑问的方式：继续）。请按法语重新识别，或提供字幕。", ""]);
  expect(told("The text is that of the French subtitles in the picture (12 cues, 93% sure), as Whisper does not understand French.")).toEqual([
    "原文取自画面中的法语字幕（12 条，把握 93%），原因：Whisper 听不懂法语。",
    "",
  ]);
  expect(told("Listened to audio track 1 (English) and track 3.")).toEqual(["已听取音轨（轨道 1 (英语)、轨道 3）。", ""]);
  expect(
    told(
      "Listened to audio track 1 (English). Track 2 (French, Commentary) has 31 s of speech and is marked as commentary. Track 3 has 12 s of speech, too. Set audio_track to listen to another.",
    ),
  ).toEqual([
    "已听取音轨（轨道 1 (英语)）。音轨（轨道 2 (法语, 评论音轨)）有 31 秒语音，但标记为评论音轨。音轨（轨道 3）也有 12 秒语音。如需听取其他音轨，请在任务属性的“原文来源”中选择。",
    "",
  ]);
  expect(told("there is no bucket 'shelf'")).toEqual(["没有名为“shelf”的存储桶", ""]);
});

it("what is not known stays as it is, behind what is", () => {
  expect(retell("no translator here does en → ja; bring your own translation; ask the operator")).toEqual([
    "这里没有能把英语译成日语的翻译引擎；请自行提供译文字幕",
    "; ask the operator",
  ]);
  expect(retell("something new")).toEqual(["", "something new"]);
});
