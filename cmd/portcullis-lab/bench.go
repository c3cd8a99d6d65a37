package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// bench compares Portcullis with the kernel doing the same job.
type bench struct {
	binary   *string
	json     bool
	duration time.Duration
	runs     int
	config   string
}

func benchCommand(binary *string) *cobra.Command {
	b := bench{binary: binary}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure Portcullis beside the kernel doing the same job",
		Long: `Measure Portcullis beside the kernel doing the same job in the same run: a
stateful policy for everything from port1 to port2, with source NAT. The two
take turns; the medians of the runs are shown.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return b.run(cmd.Context()) },
	}
	cmd.Flags().BoolVar(&b.json, "json", false, "write JSON instead of a table")
	cmd.Flags().DurationVar(&b.duration, "duration", 5*time.Second, "how long each measurement lasts")
	cmd.Flags().IntVar(&b.runs, "runs", 2, "how often each is measured")
	cmd.Flags().StringVar(&b.config, "config", "", "another configuration than the built-in one, from `FILE`")
	return cmd
}

// benchConfig lets everything from port1 to port2 out, with source NAT.
const benchConfig = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/24"
[system.interface.ipv6]
ip6-address = "fd01::1/64"

[[system.interface]]
name = "port2"
ip = "10.2.0.1/24"
[system.interface.ipv6]
ip6-address = "fd02::1/64"

[[firewall.policy]]
policyid = 1
name = "everything"
srcintf = ["port1"]
dstintf = ["port2"]
srcaddr = ["all"]
dstaddr = ["all"]
srcaddr6 = ["all"]
dstaddr6 = ["all"]
action = "accept"
schedule = "always"
service = ["ALL"]
logtraffic = "disable"
nat = "enable"
`

// rival is one of those compared: it stands between the client and the server.
type rival struct {
	name string
	set  func(*bench) (*stand, error)
}

// stand is where measurements are taken with a rival.
type stand struct {
	client, server *lab.Namespace
	help           func() error // has SIP to port 5060 read by a helper from now on
	clear          func()
}

// helped is the help of those who need no more.
func helped() error { return nil }

var rivals = []rival{
	{"portcullis", (*bench).setPortcullis},
	{"kernel", (*bench).setKernel},
	{"cable", (*bench).setCable},
}

func (b *bench) setPortcullis() (*stand, error) {
	config := benchConfig
	if b.config != "" {
		text, err := os.ReadFile(b.config)
		if err != nil {
			return nil, err
		}
		config = string(text)
	}
	t, err := lab.NewTriangle(lab.TriangleOptions{Hide: true})
	if err != nil {
		return nil, err
	}
	fw, err := lab.StartFirewall(t.Firewall, *b.binary, config)
	if err != nil {
		t.Close()
		return nil, err
	}
	return &stand{t.Client, t.Server, helped, func() { fw.Close(); t.Close() }}, nil
}

func (b *bench) setKernel() (*stand, error) {
	t, err := lab.NewTriangle(lab.TriangleOptions{Hide: true})
	if err != nil {
		return nil, err
	}
	if err := t.RouteByKernel(true); err != nil {
		t.Close()
		return nil, err
	}
	return &stand{t.Client, t.Server, t.ReadSIPByKernel, t.Close}, nil
}

// setCable puts nothing between: what the ends themselves take.
func (b *bench) setCable() (*stand, error) {
	d, err := lab.NewDirect()
	if err != nil {
		return nil, err
	}
	return &stand{d.Client, d.Server, helped, d.Close}, nil
}

// run measures in turn and reports.
func (b *bench) run(ctx context.Context) error {
	progress := newPrinter(os.Stderr)
	r := newResults(b)
	for run := range b.runs {
		for i := range rivals {
			rival := rivals[(i+run)%len(rivals)] // nobody is always first
			if err := b.measure(ctx, rival, r, func(what string) {
				progress.line("   run %d of %d: %s: %s", run+1, b.runs, rival.name, what)
			}); err != nil {
				return fmt.Errorf("%s: %w", rival.name, err)
			}
		}
	}
	if b.json {
		return json.NewEncoder(os.Stdout).Encode(r.report())
	}
	r.print(newPrinter(os.Stdout))
	return nil
}

// measure makes every measurement once with one rival.
func (b *bench) measure(ctx context.Context, rival rival, r *results, tell func(string)) error {
	s, err := rival.set(b)
	if err != nil {
		return err
	}
	defer s.clear()
	for _, m := range measurements {
		if rival.name == "cable" && !m.cable {
			continue
		}
		tell(m.name)
		bounded, cancel := context.WithTimeout(ctx, b.duration+20*time.Second)
		err := m.take(&bout{Context: bounded, stand: s, duration: b.duration},
			func(figure string, value float64) { r.add(figure, rival.name, value) })
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// bout is what a measurement works with.
type bout struct {
	context.Context
	stand    *stand
	duration time.Duration
}

// do runs a peer on the client's side.
func (b *bout) do(v any, name string, args ...string) error {
	return peer.Do(b, b.stand.client, v, name, append(args, "-duration", b.duration.String())...)
}
