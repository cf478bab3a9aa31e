import type { ComponentType, ReactNode } from "react";

/** Gives its children a function that opens a file chooser. */
export type FileChooser = ComponentType<{ children: (choose: () => void) => ReactNode }>;

/** Gives its children a function that dubs the sample video, and whether it is on its way. */
export type SampleDub = ComponentType<{ children: (begin: () => void, busy: boolean) => ReactNode }>;
