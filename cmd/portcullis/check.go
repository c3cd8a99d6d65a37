package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"portcullis/config"
	"portcullis/engine"
)

// configError is what is wrong with a configuration file: lines that each begin
// with file and line number.
type configError struct{ error }

func checkCommand() *cobra.Command {
	var file string
	var show, full bool
	c := &cobra.Command{
		Use:   "check -c FILE",
		Short: "Read a configuration and report everything that is wrong with it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := load(file)
			if err != nil {
				return err
			}
			if _, err := compileAlone(cfg); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if show || full {
				return config.Print(os.Stdout, cfg, full)
			}
			fmt.Printf("%s: no mistakes: %d interfaces, %d policies, %d session helpers\n",
				file, len(cfg.Interfaces), len(cfg.Policies), enabledHelpers(cfg))
			return nil
		},
	}
	configFlag(c, &file)
	c.Flags().BoolVar(&show, "show", false, "print the configuration in normal form, as its difference from the factory defaults")
	c.Flags().BoolVar(&full, "show-full", false, "print the configuration in normal form, every attribute")
	return c
}

func configFlag(c *cobra.Command, file *string) {
	c.Flags().StringVarP(file, "config", "c", "", "the configuration `file` (TOML)")
	if err := c.MarkFlagRequired("config"); err != nil {
		panic(err)
	}
}

// load reads and validates a configuration.
func load(file string) (*config.Config, error) {
	cfg, mistakes := config.Load(file)
	if err := mistakes.Err(); err != nil {
		return nil, configError{err}
	}
	return cfg, nil
}

// compileAlone compiles a configuration for a machine that has every port it
// names, to find what only compiling finds.
func compileAlone(cfg *config.Config) (*engine.Ruleset, error) {
	inv := engine.Inventory{}
	for _, i := range cfg.Interfaces {
		inv[i.Name] = engine.Link{MTU: i.MTU}
	}
	return engine.Compile(cfg, inv, engine.NewNames(), 1)
}

func enabledHelpers(cfg *config.Config) (n int) {
	for _, h := range cfg.Helpers {
		if h.Status {
			n++
		}
	}
	return n
}
