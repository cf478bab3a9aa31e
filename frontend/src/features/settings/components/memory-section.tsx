import "@/i18n/later";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { account, memoryQuery } from "@/api/account";
import { Input } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";
import { languageName } from "@/core/format";
import { useRefusal } from "@/i18n/refusal";
import { Section } from "./section";

/** Translations people settled, which come back by themselves. */
export function MemorySection() {
  const { t, i18n } = useTranslation();
  const refuse = useRefusal();
  const cache = useQueryClient();
  const [q, setQ] = useState("");
  const { data: entries, isPlaceholderData: isOld } = useQuery({ ...memoryQuery(q), placeholderData: keepPreviousData });
  const { mutate } = useMutation({
    mutationFn: account.removeMemory,
    onSuccess: () => cache.invalidateQueries({ queryKey: ["memory"] }),
    onError: (error) => refuse(error),
  });
  return (
    <Section title={t("memory.title")} text={t("memory.text")}>
      <Input
        type="search"
        aria-label={t("memory.search")}
        placeholder={t("memory.search")}
        className="max-w-64"
        value={q}
        onChange={(event) => setQ(event.target.value)}
      />
      <ul className="divide-line mt-2 divide-y">
        {entries?.map((entry) => (
          <li
            key={entry.id}
            className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 py-2 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto_auto]"
          >
            <span className="text-soft">{entry.source}</span>
            <span className="max-sm:row-start-2">{entry.text}</span>
            <span className="text-soft text-xs whitespace-nowrap max-sm:row-start-3">
              {languageName(entry.target_language, i18n.language)} · {t("memory.uses", { count: entry.uses })}
            </span>
            <IconButton
              small
              icon={Trash2}
              label={t("memory.remove", { text: entry.source })}
              onClick={() => mutate(entry.id)}
            />
          </li>
        ))}
        {entries?.length === 0 && !isOld && <li className="text-soft py-2">{t(q ? "memory.nothing_found" : "memory.empty")}</li>}
      </ul>
    </Section>
  );
}
