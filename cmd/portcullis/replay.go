package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"portcullis/dataplane/replay"
)

// player is what the operator asks of a replay.
type player struct {
	config  string
	in      string
	helpers []string
	asJSON  bool
}

func replayCommand() *cobra.Command {
	var r player
	c := &cobra.Command{
		Use:   "replay [-c FILE] CAPTURE...",
		Short: "Say what the firewall would do with the packets of captures",
		Long: `Feeds captures (pcap or pcapng, also compressed with gzip; - is standard input) to the firewall, one after another,
in the time of the capture, and prints what happens: sessions that begin and end, flows that helpers expect or
refuse, the children that come of them, packets that are dropped and why, helpers that let go of a session. Every line begins
with the number of the frame, as Wireshark counts, and the seconds since the first one. Nothing is sent, no
interface is touched, and no root is needed.

Without -c everything is allowed, and the factory's session helpers read. With it, the packets arrive by the
interfaces of the configuration: a frame by the one that the routes say its source is behind, or all by --in.`,
		Example: `  portcullis replay ftp.pcap
  portcullis replay --helper ftp:6:2121 ftp.pcap
  portcullis replay -c fw.toml --json office.pcapng`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error { return r.play(files, c.InOrStdin(), c.OutOrStdout()) },
	}
	f := c.Flags()
	f.StringVarP(&r.config, "config", "c", "", "the configuration `file` (TOML); without it everything is allowed")
	f.StringVar(&r.in, "in", "", "the `interface` that all frames arrive by")
	f.StringArrayVar(&r.helpers, "helper", nil, "one more entry of the session helper table, `NAME:PROTO:PORT`, as ftp:6:2121; repeatable")
	f.BoolVar(&r.asJSON, "json", false, "one JSON object a line")
	return c
}

// play replays the files and prints what happens. A file that is broken ends the
// replay, and what there is to say up to there is said.
func (r *player) play(files []string, in io.Reader, out io.Writer) error {
	o := replay.Options{In: r.in}
	for _, word := range r.helpers {
		b, err := binding(word)
		if err != nil {
			return err
		}
		o.Helpers = append(o.Helpers, b)
	}
	if r.config != "" {
		cfg, err := load(r.config)
		if err != nil {
			return err
		}
		o.Config = cfg
	}
	var failed error // to write
	enc := json.NewEncoder(out)
	o.Emit = func(e *replay.Event) {
		switch {
		case failed != nil:
		case r.asJSON:
			failed = enc.Encode(e)
		default:
			_, failed = fmt.Fprintln(out, e)
		}
	}
	p, err := replay.New(o)
	if err != nil {
		if r.config != "" {
			return fmt.Errorf("%s: %w", r.config, err)
		}
		return err
	}
	for _, file := range files {
		if len(files) > 1 && !r.asJSON {
			fmt.Fprintf(out, "%s:\n", file)
		}
		if err = playFile(p, file, in); err != nil || failed != nil {
			break
		}
	}
	sum := p.Close()
	switch {
	case failed != nil:
		return failed
	case r.asJSON:
		failed = enc.Encode(&sum)
	default:
		failed = sum.Write(out)
	}
	if err != nil {
		return err
	}
	return failed
}

func playFile(p *replay.Player, file string, in io.Reader) error {
	if file == "-" {
		return p.Play("standard input", in)
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.Play(file, f)
}

// binding reads NAME:PROTO:PORT.
func binding(word string) (b replay.Binding, err error) {
	wrong := fmt.Errorf("--helper %q: expected NAME:PROTO:PORT, as ftp:6:2121", word)
	part := strings.Split(word, ":")
	if len(part) != 3 {
		return b, wrong
	}
	b.Helper = part[0]
	switch part[1] {
	case "tcp":
		b.Proto = 6
	case "udp":
		b.Proto = 17
	default:
		n, err := strconv.ParseUint(part[1], 10, 8)
		if err != nil {
			return b, wrong
		}
		b.Proto = uint8(n)
	}
	n, err := strconv.ParseUint(part[2], 10, 16)
	if err != nil || n == 0 {
		return b, wrong
	}
	b.Port = uint16(n)
	return b, nil
}
