import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type PictureBox, type PictureEdits, type PictureRead, putPictureEdits, readCueAgain, translateTitles } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { pictureQuery } from "@/api/queries";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "./context";

/** What is written in the picture, once it is known. */
export function usePicture(): PictureRead | undefined {
  const { task } = useEditor();
  return useQuery(pictureQuery(task.task_id)).data;
}

/** Save what a person wants otherwise; shown at once, and taken back where it is refused. */
export function useSaveEdits(): (edits: PictureEdits) => void {
  const { task } = useEditor();
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { queryKey } = pictureQuery(task.task_id);
  const { mutate } = useMutation({
    scope: { id: `picture-${task.task_id}` }, // one after another: each says all of it
    mutationFn: (body: PictureEdits) => data(putPictureEdits({ path: { task_id: task.task_id }, body })),
    onMutate: async (edits) => {
      await cache.cancelQueries({ queryKey });
      cache.setQueryData(queryKey, (known) => known && { ...known, edits });
    },
    onError: (error) => {
      void cache.invalidateQueries({ queryKey: keys.picture(task.task_id) });
      refuse(error);
    },
  });
  return mutate;
}

/** Have a cue read anew in a box; what comes of it changes nothing by itself. */
export function useReadAgain(): (cue: string, box: PictureBox) => void {
  const { task } = useEditor();
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate } = useMutation({
    mutationFn: ({ cue, box }: { cue: string; box: PictureBox }) =>
      data(readCueAgain({ path: { task_id: task.task_id, cue_id: cue }, body: { box } })),
    onSuccess: (next) => cache.setQueryData(pictureQuery(task.task_id).queryKey, next),
    onError: (error) => refuse(error),
  });
  return (cue, box) => mutate({ cue, box });
}

/** Have titles translated; what comes of it is offered, and changes nothing by itself. */
export function useTranslateTitles(): { translate: (texts: string[]) => void; asking: boolean } {
  const { task, language } = useEditor();
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate, isPending } = useMutation({
    mutationFn: (texts: string[]) =>
      data(translateTitles({ path: { task_id: task.task_id }, body: { language, texts } })),
    onSuccess: (next) => cache.setQueryData(pictureQuery(task.task_id).queryKey, next),
    onError: (error) => refuse(error),
  });
  return { translate: mutate, asking: isPending };
}
