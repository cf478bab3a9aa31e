import { useQuery } from "@tanstack/react-query";
import { CircleHelp } from "lucide-react";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Question as Asked, TaskRead } from "@/api/generated";
import { base64 } from "@/api/base64";
import { SUBTITLE_FILES } from "@/api/subtitles";
import { languagesQuery } from "@/api/queries";
import { useAnswer } from "@/api/use-answer";
import { Button } from "@/components/ui/button";
import { Choice } from "@/components/ui/choice";
import { languageName } from "@/core/format";

interface QuestionProps {
  task: TaskRead;
  question: Asked;
}

/** What a task asks before it goes on, and the three ways to answer. */
export function Question({ task, question }: QuestionProps) {
  const { t } = useTranslation();
  const title = useId();
  const { answer, busy } = useAnswer(task, question);
  return (
    <section
      aria-labelledby={title}
      data-testid="question"
      className="bg-warn-soft border-warn/40 grid gap-3 rounded-xl border px-4 py-3"
    >
      <div className="flex items-start gap-2.5">
        <CircleHelp aria-hidden size={18} className="text-warn mt-0.5 shrink-0" />
        <div className="grid gap-1">
          <h2 id={title} className="font-semibold">
            {t("question.title")}
          </h2>
          <Reasons question={question} />
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Button disabled={busy} onClick={() => answer({ choice: "continue" })}>
          {t("question.continue")}
        </Button>
        <OtherLanguage
          question={question}
          busy={busy}
          onChoose={(language) => answer({ choice: "language", language })}
        />
        <OwnSubtitles busy={busy} onChoose={(subtitles) => answer({ choice: "subtitles", subtitles })} />
      </div>
    </section>
  );
}

/** Why it asks, in the words of the page. */
export function Reasons({ question }: { question: Asked }) {
  const { t, i18n } = useTranslation();
  const language = languageName(question.language, i18n.language);
  const other = question.sounds_like ? languageName(question.sounds_like, i18n.language) : "";
  return question.reasons.map(({ code, text }) => (
    <p key={code} title={text}>
      {t(`question.reason.${code}`, { language, other, defaultValue: text })}
    </p>
  ));
}

interface ChoiceProps {
  busy: boolean;
  onChoose: (value: string) => void;
}

function OtherLanguage({ question, busy, onChoose }: ChoiceProps & { question: Asked }) {
  const { t, i18n } = useTranslation();
  const { data: languages = [] } = useQuery(languagesQuery);
  const offered = languages.map(({ code }) => code).filter((code) => code !== question.language);
  const likely = question.sounds_like && offered.includes(question.sounds_like) ? question.sounds_like : "";
  const [chosen, choose] = useState<string | null>(null);
  const code = chosen ?? likely;
  return (
    <span className="inline-flex items-center gap-1.5">
      <Choice
        aria-label={t("question.language")}
        className="w-auto"
        value={code}
        onChange={choose}
        options={[
          { value: "", label: t("question.choose_language") },
          ...offered.map((one) => ({ value: one, label: languageName(one, i18n.language) })),
        ]}
      />
      <Button disabled={busy || !code} onClick={() => onChoose(code)}>
        {t("question.hear_again")}
      </Button>
    </span>
  );
}

function OwnSubtitles({ busy, onChoose }: ChoiceProps) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button disabled={busy} onClick={() => input.current?.click()}>
        {t("question.subtitles")}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={SUBTITLE_FILES}
        data-testid="question-subtitles"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) void base64(file).then(onChoose);
          event.target.value = "";
        }}
      />
    </>
  );
}
