package peer

import (
	"context"
	"flag"
	"net"
	"net/netip"
	"time"

	"portcullis/lab"
)

// Probe is the report of an attempt to connect.
type Probe struct {
	Connected bool
	Error     string `json:",omitempty"`
}

// TCPProbe tries to connect from the namespace.
func TCPProbe(ctx context.Context, ns *lab.Namespace, to netip.AddrPort) (*Probe, error) {
	p := new(Probe)
	err := Do(ctx, ns, p, "tcp-probe", "-to", to.String())
	return p, err
}

func tcpProbe(args []string) error {
	flags := flag.NewFlagSet("tcp-probe", flag.ContinueOnError)
	to := flags.String("to", "", "address and port")
	timeout := flags.Duration("timeout", 2200*time.Millisecond, "how long to try: time for a second and a third attempt")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var p Probe
	conn, err := net.DialTimeout("tcp", *to, *timeout)
	if err != nil {
		p.Error = err.Error()
	} else {
		p.Connected = true
		conn.Close()
	}
	report(p)
	return nil
}
