package peer

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"portcullis/lab"
)

// word is the first argument of a program that is to act as a peer.
const word = "peer"

// programs are the peers by name. Each returns when its work is done; servers
// never do.
var programs = map[string]func(args []string) error{
	"ftp-server":  ftpServer,
	"ftp-get":     ftpGet,
	"ppp-echo":    pppEcho,
	"tftp-server": tftpServer,
	"tftp-get":    tftpGet,
	"tcp-sink":    tcpSink,
	"tcp-bulk":    tcpBulk,
	"tcp-churn":   tcpChurn,
	"tcp-echo":    tcpEcho,
	"tcp-ping":    tcpPing,
	"tcp-probe":   tcpProbe,
	"udp-sink":    udpSink,
	"udp-flood":   udpFlood,
	"syn-flood":   synFlood,
}

// Main acts as a peer and exits, where the arguments of the program say so.
// Otherwise it returns at once.
func Main() {
	if len(os.Args) < 3 || os.Args[1] != word {
		return
	}
	run, ok := programs[os.Args[2]]
	if !ok {
		fmt.Fprintf(os.Stderr, "peer %q: no such peer\n", os.Args[2])
		os.Exit(2)
	}
	if err := run(os.Args[3:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[2], err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Command is the command that starts a peer.
func Command(name string, args ...string) (lab.Command, error) {
	if _, ok := programs[name]; !ok {
		return lab.Command{}, fmt.Errorf("peer %q: no such peer", name)
	}
	self, err := os.Executable()
	if err != nil {
		return lab.Command{}, fmt.Errorf("peer %s: %w", name, err)
	}
	return lab.Command{Path: self, Args: slices.Concat([]string{word, name}, args)}, nil
}

// Event is one line that a peer writes to its standard output while it runs.
type Event struct {
	Name string // "ready", or what happened
	Text string `json:",omitempty"`
	N    int64  `json:",omitempty"`
}

func say(e Event) { report(e) }

// report writes a value as one line of JSON.
func report(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain structs are reported
	}
	os.Stdout.Write(append(line, '\n'))
}

// last decodes the last line of a peer's standard output.
func last(output string, v any) error {
	output = strings.TrimSpace(output)
	line := output[strings.LastIndexByte(output, '\n')+1:]
	if err := json.Unmarshal([]byte(line), v); err != nil {
		return fmt.Errorf("peer's report %q: %w", line, err)
	}
	return nil
}
