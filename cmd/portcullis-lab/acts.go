package main

import (
	"fmt"
	"strings"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// acts is the story.
var acts = []act{
	{number: 1, title: "passive FTP on port 21", example: "ftp.toml", play: passive, plot: `
		Policy 4 allows FTP (TCP 21) from port1 to port2 and nothing else. The data connection
		goes to a random port; the factory's session helper 9 (ftp, 6, 21) hears of it and lets it pass.`},
	{number: 2, title: "FTP on a port that no helper knows", example: "ftp-8021-no-helper.toml", play: noHelper, plot: `
		Policy 4 allows TCP 8021. The control connection passes; the data connection was
		announced to nobody and meets the implicit deny, policy 0.`},
	{number: 3, title: "a session helper for that port", example: "ftp-8021.toml", starts: "ftp-8021-no-helper.toml", play: addHelper, plot: `
		Entry 21 (ftp, 6, 8021) is added while the firewall runs. The policy is untouched.`},
	{number: 4, title: "active FTP, and IPv6", example: "ftp.toml", play: active, plot: `
		In active mode the server connects back to the client. No policy allows anything from
		port2 to port1; the connection passes as the child of the control session.`},
	{number: 5, title: "FTP with the client hidden by NAT", example: "ftp-nat.toml", hide: true, play: behindNAT, plot: `
		nat = "enable": the client is hidden behind the address of port2, and the server has no
		route to the client's network. An address that is not rewritten leads nowhere.`},
	{number: 6, title: "the helper switched off", example: "ftp-helper-disabled.toml", starts: "ftp.toml", play: helperOff, plot: `
		Session helper 9 is disabled while the firewall runs. What worked is denied again.`},
	{number: 7, title: "TFTP", example: "tftp.toml", play: tftpPlain, plot: `
		Policy 4 allows TFTP (UDP 69). The server answers from a random port; session helper 5
		(tftp, 17, 69) expects it.`},
	{number: 8, title: "TFTP with the client hidden by NAT", example: "tftp-nat.toml", hide: true, play: tftpNAT, plot: `
		The same behind the address of port2, without a way back.`},
	{number: 9, title: "a small office", example: "first.toml", play: office, plot: `
		Out with everything, hidden by NAT (policy 1); in with FTP to one server (policy 3).`},
	{number: 10, title: "a session helper that the policy names", example: "ftp-2121-by-policy.toml", play: byPolicy, plot: `
		No entry of the session helper table knows TCP 2121. Policy 4 allows it and says
		session-helper = "ftp": what it lets through is read, whatever the port.`},
}

// extras are acts that the demonstration leaves out.
var extras = []act{matrix}

func (s *stage) ftpServer(ports string) (*peer.Server, error) {
	return peer.Serve(s.Server, "ftp-server", "-ports", ports)
}

func passive(s *stage) error {
	if _, err := s.ftpServer("21"); err != nil {
		return err
	}
	for _, mode := range []peer.FTPMode{peer.PASV, peer.EPSV} {
		if err := s.passes(s.visit(at(lab.Server4, 21), mode)); err != nil {
			return err
		}
	}
	return s.refused(s.Client, lab.Client4, at(lab.Server4, 80))
}

func noHelper(s *stage) error {
	if _, err := s.ftpServer("8021"); err != nil {
		return err
	}
	return s.denied(s.visit(at(lab.Server4, 8021), peer.EPSV))
}

func addHelper(s *stage) error {
	if _, err := s.ftpServer("8021"); err != nil {
		return err
	}
	v := s.visit(at(lab.Server4, 8021), peer.EPSV)
	if err := s.denied(v); err != nil {
		return err
	}
	if err := s.reload("ftp-8021.toml"); err != nil {
		return err
	}
	if err := s.passes(v); err != nil {
		return err
	}
	return s.passes(s.visit(at(lab.Server4, 8021), peer.PASV))
}

func byPolicy(s *stage) error {
	if _, err := s.ftpServer("2121"); err != nil {
		return err
	}
	for _, v := range []visit{s.visit(at(lab.Server4, 2121), peer.PASV), s.visit(at(lab.Server6, 2121), peer.EPRT)} {
		if err := s.passes(v); err != nil {
			return err
		}
	}
	return nil
}

func active(s *stage) error {
	if _, err := s.ftpServer("21"); err != nil {
		return err
	}
	for _, v := range []visit{
		s.visit(at(lab.Server4, 21), peer.PORT),
		s.visit(at(lab.Server4, 21), peer.EPRT),
		s.visit(at(lab.Server6, 21), peer.EPSV),
		s.visit(at(lab.Server6, 21), peer.EPRT),
	} {
		if err := s.passes(v); err != nil {
			return err
		}
	}
	return s.refused(s.Server, lab.Server4, at(lab.Client4, 80))
}

func behindNAT(s *stage) error {
	server, err := s.ftpServer("21")
	if err != nil {
		return err
	}
	for _, v := range []visit{
		s.visit(at(lab.Server4, 21), peer.PASV),
		s.visit(at(lab.Server4, 21), peer.EPSV),
		s.visit(at(lab.Server4, 21), peer.PORT),
		s.visit(at(lab.Server4, 21), peer.EPRT),
		s.visit(at(lab.Server6, 21), peer.EPSV),
		s.visit(at(lab.Server6, 21), peer.EPRT),
	} {
		if err := s.passesHidden(v, server); err != nil {
			return err
		}
	}
	big := s.visit(at(lab.Server4, 21), peer.PASV)
	big.size = 64 << 20
	if err := s.passesHidden(big, server); err != nil {
		return err
	}
	big.mode = peer.PORT
	return s.passesHidden(big, server)
}

// passesHidden is passes, and expects in active mode that the server was told
// the address behind which the client is hidden.
func (s *stage) passesHidden(v visit, server *peer.Server) error {
	v.hidden = lab.Outside4
	if v.server.Addr().Is6() {
		v.hidden = lab.Outside6
	}
	before := len(server.Events("command"))
	if err := s.passes(v); err != nil || !v.active() {
		return err
	}
	want := string(v.mode) + " " + strings.ReplaceAll(v.hidden.String(), ".", ",") + ","
	if v.mode == peer.EPRT {
		want = fmt.Sprintf("EPRT |%d|%s|", family(v), v.hidden)
	}
	for _, e := range server.Events("command")[before:] {
		if strings.HasPrefix(e.Text, string(v.mode)) {
			s.check(strings.HasPrefix(e.Text, want), "the server received "+e.Text, 0)
			return nil
		}
	}
	s.check(false, fmt.Sprintf("the server received no %s", v.mode), 0)
	return nil
}

func family(v visit) int {
	if v.server.Addr().Is6() {
		return 2
	}
	return 1
}

func helperOff(s *stage) error {
	if _, err := s.ftpServer("21"); err != nil {
		return err
	}
	v := s.visit(at(lab.Server4, 21), peer.EPSV)
	if err := s.passes(v); err != nil {
		return err
	}
	if err := s.reload("ftp-helper-disabled.toml"); err != nil {
		return err
	}
	if err := s.denied(v); err != nil {
		return err
	}
	return s.denied(s.visit(at(lab.Server4, 21), peer.PORT))
}

func tftpPlain(s *stage) error { return s.tftp(false) }
func tftpNAT(s *stage) error   { return s.tftp(true) }

func (s *stage) tftp(nat bool) error {
	server, err := peer.Serve(s.Server, "tftp-server")
	if err != nil {
		return err
	}
	const size = 200_000
	visits := []visit{
		{client: lab.Client4, server: at(lab.Server4, 69), hidden: lab.Outside4},
		{client: lab.Client6, server: at(lab.Server6, 69), hidden: lab.Outside6},
	}
	for _, v := range visits {
		seen := v.client
		if nat {
			seen = v.hidden
		}
		begin := time.Now()
		s.out.doing(fmt.Sprintf("TFTP, server %s", v.server))
		t, err := peer.TFTPGet(s, s.Client, v.server, size)
		if err != nil {
			return err
		}
		s.check(t.OK(size), fmt.Sprintf("TFTP, server %s: %d of %d bytes %s", v.server, t.Bytes, size, t.Error), time.Since(begin))
		from := "nobody"
		if requests := server.Events("request"); len(requests) > 0 {
			from = requests[len(requests)-1].Text
		}
		s.check(strings.HasPrefix(strings.TrimPrefix(from, "["), seen.String()), "the server saw the request come from "+from, 0)
	}
	if err := s.tftpWithout(); err != nil {
		return err
	}
	// A UDP session lasts, and is not logged, until it has been idle for minutes,
	// or until the firewall ends.
	if err := s.fw.Stop(5 * time.Second); err != nil {
		return err
	}
	for i, v := range visits {
		request := []string{"proto=17", "policyid=4", "action=accept|timeout", pair("srcip", v.client), pair("dstport", 69)}
		answer := []string{"proto=17", "policyid=4", "action=accept|timeout", pair("srcip", v.server.Addr())}
		if nat {
			request = append(request, "trandisp=snat", pair("transip", v.hidden))
			answer = append(answer, "trandisp=dnat", pair("tranip", v.client))
		}
		s.logged(0, fmt.Sprintf("log of request %d", i+1), request...)
		s.logged(0, fmt.Sprintf("log of answer %d", i+1), answer...)
	}
	return nil
}

// tftpWithout takes the helper away and expects the answer to be denied.
func (s *stage) tftpWithout() error {
	text, err := s.demo.text(s.score.act.example)
	if err != nil {
		return err
	}
	said, err := s.fw.Reload(text + "\n[[system.session-helper]]\nid = 5\nstatus = \"disable\"\n")
	if err != nil {
		return err
	}
	s.check(!s.fw.Ended(), "session helper 5 disabled, SIGHUP", 0)
	s.quoteLines(said)
	mark, begin := s.fw.Mark(), time.Now()
	s.out.doing("TFTP without its helper")
	t, err := peer.TFTPGet(s, s.Client, at(lab.Server4, 69), 1000)
	if err != nil {
		return err
	}
	s.check(t.Stage != "done", fmt.Sprintf("TFTP, server %s: no answer: %s", lab.Server4, t.Error), time.Since(begin))
	if !s.score.act.hide { // with NAT it is the box itself that the answer comes to, and no policy says so
		s.logged(mark, "log of the answer", "proto=17", "action=deny", "policyid=0", pair("srcip", lab.Server4))
	}
	return nil
}

func office(s *stage) error {
	// The world serves a web page, the office an FTP server.
	if _, err := peer.Serve(s.Server, "tcp-echo", "-ports", "80"); err != nil {
		return err
	}
	if _, err := peer.Serve(s.Client, "ftp-server", "-ports", "21"); err != nil {
		return err
	}
	for _, v := range []visit{
		{client: lab.Client4, server: at(lab.Server4, 80), hidden: lab.Outside4},
		{client: lab.Client6, server: at(lab.Server6, 80), hidden: lab.Outside6},
	} {
		mark, begin := s.fw.Mark(), time.Now()
		p, err := peer.TCPProbe(s, s.Client, v.server)
		if err != nil {
			return err
		}
		s.check(p.Connected, fmt.Sprintf("from the office, TCP to %s: %s", v.server, outcome(p)), time.Since(begin))
		s.later = append(s.later, func() {
			s.logged(mark, fmt.Sprintf("log of TCP to %s", v.server), "proto=6", "policyid=1", pair("dstip", v.server.Addr()), pair("dstport", 80),
				"service=HTTP|ALL", "trandisp=snat", pair("transip", v.hidden))
		})
	}
	s.policy = "3"
	in := visit{from: s.Server, client: lab.Server4, server: at(lab.Client4, 21), mode: peer.EPSV, size: 100_000}
	if err := s.passes(in); err != nil {
		return err
	}
	in.mode = peer.PORT
	if err := s.passes(in); err != nil {
		return err
	}
	return s.refused(s.Server, lab.Server4, at(lab.Client4, 80))
}
