package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"portcullis/control"
)

// firewallCommands are those below diagnose firewall: what translation does.
func firewallCommands(a *asker) *cobra.Command {
	blocks := poolsCommand(a, "list", "The pools of port blocks, and how many blocks are in use", control.Pools.Blocks)
	blocks.AddCommand(
		tableCommand("pba", "The blocks of ports that clients have", blockHelp, a.blocks),
		tableCommand("nat-ip", "The addresses that sources are translated to", addressHelp, a.addresses))
	return group("firewall", "Translation",
		group("ippool-all", "IP pools",
			poolsCommand(a, "list", "The pools and their addresses", control.Pools.String),
			poolsCommand(a, "stats", "Sessions, addresses and ports in use, and how often nothing was left", control.Pools.Stats)),
		group("ippool", "Blocks of ports", blocks),
		group("vip", "Virtual IPs", vipCommand(a)),
		group("fqdn", "Domain names of addresses", fqdnCommand(a)),
		group("eim", "Endpoint-independent mappings",
			tableCommand("list", "The mappings", mappingHelp, a.mappings), mappingCountCommand(a)))
}

func jsonFlag(c *cobra.Command, asJSON *bool, how string) {
	c.Flags().BoolVar(asJSON, "json", false, how)
}

// poolsCommand shows what there is to say of the pools.
func poolsCommand(a *asker, use, short string, show func(control.Pools) string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   use + " [POOL]",
		Short: short,
		Long:  short + ", of one pool or of all. They are counted address by address, while packets go on.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, words []string) error {
			name := ""
			if len(words) > 0 {
				name = words[0]
			}
			all, err := a.client().Pools(c.Context(), name)
			if err != nil {
				return err
			}
			return present(c, asJSON, all, show(all))
		},
	}
	jsonFlag(c, &asJSON, "one JSON list")
	return c
}

// present prints an answer, as text or as JSON.
func present(c *cobra.Command, asJSON bool, v any, text string) error {
	if !asJSON {
		_, err := fmt.Fprint(c.OutOrStdout(), text)
		return err
	}
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// Filters of the lists.
const (
	blockHelp   = "A filter is fields with a value, or the two ends of a range, each: src, the client, and nsrc, the address. For\nexample: src 10.1.0.0/24"
	addressHelp = "A filter is nsrc with an address, a prefix or the two ends of a range."
	mappingHelp = "A filter is fields with a value, or the two ends of a range, each: src and sport, the client's address and\nport, nsrc and nport, those outside, proto and policy. For example: src 10.1.0.2 proto 17"
)

// lister is how one asks for a list.
type lister func(ctx context.Context, q control.Query, form control.Form, out io.Writer) error

func (a *asker) blocks() lister    { return a.client().ListBlocks }
func (a *asker) addresses() lister { return a.client().ListAddresses }
func (a *asker) mappings() lister  { return a.client().ListMappings }

// tableCommand shows a list that may be long, as it comes.
func tableCommand(use, short, help string, ask func() lister) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   use + " [FILTER...]",
		Short: short,
		Long:  short + ".\n\n" + help,
		RunE: func(c *cobra.Command, words []string) error {
			filter, err := control.ParseFilter(words)
			if err != nil {
				return err
			}
			form := control.FormBlock
			if asJSON {
				form = control.FormJSON
			}
			return ask()(c.Context(), control.Query{Filter: filter}, form, c.OutOrStdout())
		},
	}
	jsonFlag(c, &asJSON, "one JSON object a line")
	return c
}

func fqdnCommand(a *asker) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "The domain names that addresses name, and what name servers have answered",
		Long: "The domain names that addresses of type fqdn name, and the addresses that name servers have answered clients\n" +
			"with; ttl is the seconds that each counts for yet. One that is over lets nobody in any more: sessions that began\n" +
			"with it go on.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := a.client().FQDNs(c.Context())
			if err != nil {
				return err
			}
			return present(c, asJSON, all, all.String())
		},
	}
	jsonFlag(c, &asJSON, "one JSON object")
	return c
}

func vipCommand(a *asker) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "The virtual IPs, and how many sessions came through each",
		Long: "The virtual IPs, disabled ones too, and how many live sessions came through each. Each session is looked at\n" +
			"for it, which takes a second for some hundred thousand; packets go on meanwhile.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := a.client().VIPs(c.Context())
			if err != nil {
				return err
			}
			return present(c, asJSON, all, all.String())
		},
	}
	jsonFlag(c, &asJSON, "one JSON list")
	return c
}

func mappingCountCommand(a *asker) *cobra.Command {
	return &cobra.Command{
		Use:   "count",
		Short: "The number of mappings",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			n, err := a.client().Mapped(c.Context())
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "total mapping: %d\n", n)
			}
			return err
		},
	}
}
