package tool

import (
	"context"
	"net/netip"
	"strconv"

	"portcullis/lab"
)

// DNSPort is where a name server listens.
const DNSPort = 53

// DNSServer starts dnsmasq at an address, as a server that knows one name by two
// addresses. It does not wait until the server answers.
func DNSServer(ns *lab.Namespace, at netip.Addr, name string, addrs ...netip.Addr) (*lab.Process, error) {
	t, err := Find("dnsmasq")
	if err != nil {
		return nil, err
	}
	args := []string{"--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-dhcp-interface=*", "--bind-interfaces",
		"--listen-address=" + at.String(), "--port=" + strconv.Itoa(DNSPort), "--user=root", "--group=root", "--pid-file="}
	for _, a := range addrs {
		args = append(args, "--address=/"+name+"/"+a.String())
	}
	c := t.Command(args...)
	c.Contain = true
	return ns.Start(c)
}

// DNSQuery asks a name server with dig, as its options say, and returns what was
// answered, in short.
func DNSQuery(ctx context.Context, ns *lab.Namespace, server netip.Addr, options ...string) (string, error) {
	t, err := Find("dig")
	if err != nil {
		return "", err
	}
	p, err := ns.Run(ctx, t.Command(append([]string{"@" + server.String(), "+short", "+tries=2", "+time=2"}, options...)...))
	if err != nil {
		return "", err
	}
	return p.Stdout(), nil
}
