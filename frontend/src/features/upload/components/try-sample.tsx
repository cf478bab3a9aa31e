import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { settingsQuery } from "@/api/account";
import { languagesQuery } from "@/api/queries";
import { obstacle } from "@/core/needs";
import { useRefusal } from "@/i18n/refusal";
import { useUploads } from "../state/store";

const SPOKEN = "en";
const NAME = "LocalClip sample.mp4";

/** Hands a function to `children` that dubs the sample video into what this installation can do, and then opens it. */
export default function TrySample({ children }: { children: (begin: () => void, busy: boolean) => ReactNode }) {
  const { data: languages = [] } = useQuery(languagesQuery);
  const { data: settings } = useQuery(settingsQuery);
  const { i18n } = useTranslation();
  const [busy, setBusy] = useState(false);
  const refuse = useRefusal();
  const navigate = useNavigate();
  const possible = languages.filter((one) => one.is_target && one.code !== SPOKEN && obstacle(one, SPOKEN) === null);
  const wished = possible.filter(({ code }) => settings?.default_languages?.includes(code));
  const own = possible.filter(({ code }) => i18n.language.startsWith(code));
  const first = [...own, ...possible].slice(0, 1);
  const target_languages = (wished.length > 0 ? wished : first).map(({ code }) => code);
  if (target_languages.length === 0) return null; // nothing here translates from English, or has a voice for it
  async function begin(): Promise<void> {
    setBusy(true);
    try {
      const task = await dubSample(target_languages);
      if (task && location.pathname === "/dashboard") void navigate(`/tasks/${task}`);
    } catch (error) {
      refuse(error);
    } finally {
      setBusy(false);
    }
  }
  return children(() => void begin(), busy);
}

async function dubSample(target_languages: string[]): Promise<string | null> {
  const answer = await fetch("/sample.mp4");
  if (!answer.ok) throw new Error(`the sample video: ${answer.status}`);
  const file = new File([await answer.blob()], NAME, { type: "video/mp4" });
  const { add, decide } = useUploads.getState();
  add([{ file, path: NAME }]);
  decide({ config: { target_languages, source_language: SPOKEN }, start: true });
  return sentAs(file);
}

/** The task a file became; null if its upload was given up. */
function sentAs(file: File): Promise<string | null> {
  return new Promise((resolve) => {
    const unsubscribe = useUploads.subscribe(({ items }) => {
      const found = items.find((one) => one.file === file || (one.name === file.name && one.taskId));
      if (found && !found.taskId && found.state !== "failed") return;
      unsubscribe();
      resolve(found?.taskId ?? null);
    });
  });
}
