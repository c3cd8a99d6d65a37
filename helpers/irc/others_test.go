package irc

import (
	"testing"

	"portcullis/helpers/helpertest"
)

// others are what clients and servers of many kinds write.
var others = []testCase{
	{name: "an address with dots", offers: "50000", lines: offer("SEND f 192.0.2.10 50000 12")},
	{name: "a passive one with dots", mentions: "C=192.0.2.10:0", lines: offer("SEND f 192.0.2.10 0 12 77")},
	{name: "a third host with dots", offers: "192.0.2.11:50000", lines: offer("CHAT chat 192.0.2.11 50000")},
	{name: "to two at once, and to a channel", offers: "50000 50001", lines: login + `C: PRIVMSG ann,bob :^DCC SEND f 3221225994 50000 12^
		C: PRIVMSG #files :^DCC SEND f 3221225994 50001 12^`},
	{name: "words in a notice that say the same", offers: "50000", lines: login + `C: NOTICE ann :DCC Send f (192.0.2.10)
		C: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^
		S: :ann!a@h NOTICE joe :^DCC REJECT SEND f^`},
	{name: "credentials, and a bouncer", offers: "50000", lines: `C: CAP LS 302
		S: :irc.example CAP * LS :sasl=PLAIN server-time
		C: PASS joe/net:secret
		C: NICK joe
		C: USER joe 0 * :Joe
		C: CAP REQ :sasl
		C: AUTHENTICATE PLAIN
		S: AUTHENTICATE +
		C: AUTHENTICATE am9lAGpvZQBzZWNyZXQ=
		S: @time=2026-11-26T10:00:00.000Z :irc.example 900 joe joe!j@h joe :You are now logged in
		C: CAP END
		S: @time=2026-11-26T10:00:00.000Z;msgid=a :irc.example 001 joe :Welcome
		C: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^`},
	{name: "resumed, by a line with tags", offers: "50000", mentions: "S=192.0.2.10:50000 C=192.0.2.10:50000", lines: offer(`SEND "a b.txt" 3221225994 50000 12`) + `
		S: @time=2026-11-26T10:00:00.000Z;account=ann;+x=DCC :ann!a@h PRIVMSG joe :^DCC RESUME "a b.txt" 50000 4^
		C: @label=7 PRIVMSG ann :^DCC ACCEPT "a b.txt" 50000 4^`},
	{name: "forged answers to a resumption", offers: "50000", lines: offer("SEND f 3221225994 50000 12") + `
		S: :ann!a@h PRIVMSG joe :^DCC ACCEPT f 50000 4^
		C: PRIVMSG ann :^DCC RESUME f 50000 4^
		S: :ann!a@h NOTICE joe :^DCC RESUME f 50000 4^`},
	{name: "another nick and a registration that is repeated", offers: "50000", lines: login + `C: NICK joe_
		C: USER joe 0 * :Joe
		S: :irc.example 462 joe :You may not reregister
		S: :joe!j@h NICK :joe_
		C: PRIVMSG ann :^DCC CHAT chat 3221225994 50000^`},
}

func TestOthers(t *testing.T) {
	for _, c := range others {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}
