package tool

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"portcullis/lab"
)

// STUNPort is where coturn's STUN server listens, and one above.
const STUNPort = 3478

// STUNServer starts coturn as a STUN server with two addresses, as the
// discovery of NAT behaviour needs it (RFC 5780), with its files in a directory,
// and waits until it answers.
func STUNServer(ctx context.Context, ns *lab.Namespace, dir string, first, second netip.Addr) (*lab.Process, error) {
	t, err := Find("turnserver")
	if err != nil {
		return nil, err
	}
	args := []string{"-n", "--log-file", "stdout", "--stun-only", "--no-tls", "--no-dtls", "--no-tcp", "--no-cli",
		"-L", first.String(), "-L", second.String(), "-m", "1",
		"--pidfile", filepath.Join(dir, "pid"), "--userdb", filepath.Join(dir, "db")}
	// Since 4.7 it does this only when asked.
	help, err := ns.Run(ctx, t.Command("-h"))
	if help != nil && strings.Contains(help.Stdout()+help.Stderr(), " --rfc5780") {
		args = append(args, "--rfc5780")
	} else if help == nil {
		return nil, err
	}
	return daemon(ctx, ns, t.Command(args...), func() error { return bind(netip.AddrPortFrom(second, STUNPort)) })
}

// bind asks a STUN server for the address that it sees (RFC 8489), and only
// looks whether anything is answered.
func bind(server netip.AddrPort) error {
	conn, err := net.Dial("udp", server.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	request := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, "portcullis.."...)
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 512))
	return err
}

// Discovery is what coturn's client has found out about the NAT before it, as
// far as it was asked.
type Discovery struct {
	// Mapping and Filtering are in the words of RFC 4787: "Endpoint Independent",
	// "Address Dependent" or "Address and Port Dependent".
	Mapping, Filtering string
	Hairpin            bool
	Reflexive          []netip.AddrPort // from outside, one for each answer
	Timeouts           int              // answers that did not come
	Text               string           // all that it wrote
}

var (
	mapping   = regexp.MustCompile(`(?m)^NAT with (.*) Mapping!$`)
	filtering = regexp.MustCompile(`(?m)^NAT with (.*) Filtering!$`)
	reflexive = regexp.MustCompile(`UDP reflexive addr: (\S+)`)
)

// DiscoverNAT runs coturn's turnutils_natdiscovery in the namespace. Options
// are "-m" for mapping, "-f" for filtering, "-H" for hairpinning, "-t -T n" for a
// lifetime of n seconds.
func DiscoverNAT(ctx context.Context, ns *lab.Namespace, local netip.AddrPort, server netip.Addr, options ...string) (*Discovery, error) {
	t, err := Find("turnutils_natdiscovery")
	if err != nil {
		return nil, err
	}
	args := append(options, "-L", local.Addr().String(), "-l", fmt.Sprint(local.Port()), server.String())
	p, err := ns.Run(ctx, t.Command(args...))
	// Its exit status means nothing: it closes at the end what it never opened.
	if p == nil || ctx.Err() != nil {
		return nil, err
	}
	return discovery(p.Stdout()), nil
}

func discovery(text string) *Discovery {
	d := &Discovery{Text: text, Hairpin: strings.Contains(text, "Received a request"), Timeouts: strings.Count(text, "receive timeout")}
	if m := mapping.FindStringSubmatch(text); m != nil {
		d.Mapping = m[1]
	}
	if m := filtering.FindStringSubmatch(text); m != nil {
		d.Filtering = m[1]
	}
	for _, m := range reflexive.FindAllStringSubmatch(text, -1) {
		if a, err := netip.ParseAddrPort(m[1]); err == nil {
			d.Reflexive = append(d.Reflexive, a)
		}
	}
	return d
}
