import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRefusal } from "@/i18n/refusal";
import { patchTask } from "./cache";
import { approveLanguage, type TaskRead } from "./generated";
import { data } from "./problems";

interface Approving {
  approve: (languages: string[]) => void;
  busy: boolean;
}

/** Let languages go on that wait at the stop of their task. */
export function useApprove({ task_id }: TaskRead): Approving {
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate, isPending } = useMutation({
    mutationFn: async (languages: string[]) => {
      for (const language of languages) {
        const next = await data(approveLanguage({ path: { task_id, language } }));
        patchTask(cache, task_id, () => next);
      }
    },
    onError: (error) => refuse(error),
  });
  return { approve: mutate, busy: isPending };
}
