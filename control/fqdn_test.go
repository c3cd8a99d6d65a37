package control

import (
	"testing"
	"time"

	"portcullis/packet"
)

func TestFQDNs(t *testing.T) {
	f := &fake{}
	c := serve(t, f)
	f.fqdns = FQDNs{Refused: 2, Names: []FQDN{
		{Name: "*.example.com", Hosts: []FQDNHost{
			NewFQDNHost(packet.MustAddr("198.51.100.7").Netip(), "www.example.com", 59*time.Second+time.Millisecond),
			NewFQDNHost(packet.MustAddr("2001:db8::7").Netip(), "www.example.com", -time.Hour)}},
		{Name: "www.example.com", Hosts: []FQDNHost{}},
	}}
	all, err := c.FQDNs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const want = "fqdn *.example.com: addresses=1\n\t198.51.100.7 ttl=60 by=www.example.com\n\t2001:db8::7 ttl=0 by=www.example.com\nfqdn www.example.com: addresses=0\ntotal fqdn: 2, refused=2\n"
	if got := all.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
