import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRefusal } from "@/i18n/refusal";
import { patchTask } from "./cache";
import { answerTask, type Question, type TaskAnswer, type TaskRead } from "./generated";
import { data } from "./problems";

interface Answering {
  answer: (body: Omit<TaskAnswer, "question_id">) => void;
  busy: boolean;
}

/** Answer what a task asks; a refusal is told, and whoever was faster is shown. */
export function useAnswer(task: TaskRead, { question_id }: Question): Answering {
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate, isPending } = useMutation({
    mutationFn: (body: Omit<TaskAnswer, "question_id">) =>
      data(answerTask({ path: { task_id: task.task_id }, body: { ...body, question_id } })),
    onSuccess: (next) => patchTask(cache, task.task_id, () => next),
    onError: (error) => refuse(error),
  });
  return { answer: mutate, busy: isPending };
}
