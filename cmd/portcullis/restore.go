package main

import (
	"github.com/spf13/cobra"

	"portcullis/dataplane/takeover"
)

func restoreCommand() *cobra.Command {
	var stateDir string
	c := &cobra.Command{
		Use:   "restore",
		Short: "Give devices back to the kernel that a killed run left taken over",
		Long: "Give devices back to the kernel that a killed run left taken over.\n\n" +
			"A run that ends by itself does this on its way out, and the next run would do it too.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return takeover.Restore(stateDir) },
	}
	stateDirFlag(c, &stateDir)
	return c
}

func stateDirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "state-dir", takeover.DefaultStateDir, "where it is kept how devices were found, as a `directory`")
}
