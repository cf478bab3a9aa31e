import { useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { listTasks } from "@/api/generated";
import { data } from "@/api/problems";
import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/fields";
import { useProblemText } from "@/i18n/problem-text";
import { useConnection } from "@/api/connection";
import { forgetKey, hasKey, keepKey } from "@/api/key";
import { Mark } from "./mark";

/** Ask for the API key; the page behind comes back once the gateway takes it. */
export function KeyGate() {
  const { t } = useTranslation();
  const say = useProblemText();
  const cache = useQueryClient();
  const [key, setKey] = useState("");
  const [error, setError] = useState(() => (hasKey() ? t("key.refused") : undefined));

  async function enter(event: FormEvent): Promise<void> {
    event.preventDefault();
    keepKey(key.trim());
    try {
      await data(listTasks({ query: { limit: 1 } }));
    } catch (problem) {
      forgetKey();
      setError(say(problem));
      return;
    }
    useConnection.setState({ forbidden: false });
    useConnection.getState().reconnect();
    await cache.resetQueries();
  }

  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <form onSubmit={(event) => void enter(event)} className="panel shadow-card grid w-full max-w-sm gap-4 p-6">
        <div className="flex items-center gap-2.5">
          <Mark />
          <h1 className="text-base font-semibold">{t("key.title")}</h1>
        </div>
        <p className="text-soft">{t("key.text")}</p>
        <Field label={t("key.label")} error={error}>
          {(field) => (
            <Input
              {...field}
              type="password"
              autoComplete="current-password"
              required
              value={key}
              onChange={(event) => setKey(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" look="primary" icon={KeyRound}>
          {t("key.enter")}
        </Button>
      </form>
    </main>
  );
}
