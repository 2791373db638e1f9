package message

import (
	"regexp"
	"strings"
)

// What mail programs write above a message that they quote, in the languages that they speak. A new one is a word here, and a
// mail in testdata.

// words returns an expression that matches any of the words.
func words(list string) string {
	all := strings.Split(list, "|")
	for i, word := range all {
		all[i] = regexp.QuoteMeta(strings.TrimSpace(word))
	}
	return "(?:" + strings.Join(all, "|") + ")"
}

var (
	// wrote are the words for "wrote" above a quotation.
	wrote = regexp.MustCompile("(?i)" + words("wrote|schrieb|a écrit|escribió|ha scritto|scrisse|escreveu|schreef|geschreven|skrev|kirjoitti|"+
		"napisał|пишет|писал|написал|пише|napsal|napísal|ezt írta|yazdı|写道|寫道|作成|작성|のメール|書きました|a scris|έγραψε|כתב|كتب|viết"))
	// whenWritten is a time, or a date with its year.
	whenWritten = regexp.MustCompile(`\d{1,2}[:.]\d{2}|\b(19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|(19|20)\d\d年`)
	yearWritten = regexp.MustCompile(`(19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}\b`)
	// mailboxWritten is an address as it stands behind its name.
	mailboxWritten = regexp.MustCompile(`[<\[(](?:mailto:)?[^\s<>@]+@[^\s<>@]+[>\])]`)

	fromLabels    = words("From|Von|De|Da|Van|Från|Fra|Od|От|От кого|差出人|发件人|寄件者|보낸 사람|Lähettäjä|Feladó|Kimden|Expéditeur|Remitente|Mittente|Afzender")
	dateLabels    = words("Sent|Date|Gesendet|Datum|Envoyé|Envoyé le|Enviado|Enviado el|Enviada em|Fecha|Inviato|Data|Verzonden|Skickat|Sendt|Dato|Wysłano|Отправлено|Дата|送信日時|日付|发送时间|日期|보낸 날짜|Lähetetty|Päivämäärä|Odesláno|Elküldve|Dátum|Gönderildi|Tarih")
	toLabels      = words("To|An|À|A|Para|Aan|Till|Til|Do|Кому|宛先|收件人|收件者|받는 사람|Vastaanottaja|Komu|Címzett|Kime|Cc|Kopie|Copie|CC|Kopia")
	subjectLabels = words("Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Temat|Тема|件名|主题|主旨|제목|Aihe|Předmět|Predmet|Tárgy|Konu")
)

// label matches a line of a header that is repeated in the text, such as "*From:* Jane Doe".
func label(labels string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^[\s*]*` + labels + `\s*\*?\s*[:：]`)
}

var (
	fromLine, dateLine  = label(fromLabels), label(dateLabels)
	toLine, subjectLine = label(toLabels), label(subjectLabels)
	separatorLine       = regexp.MustCompile(`^[\s*_=-]{5,}$|^-{2,}[^-].*-{2,}$`)
	forwardedLine       = regexp.MustCompile(`(?i)^-*\s*` + words("Forwarded message|Begin forwarded message|Weitergeleitete Nachricht|Anfang der weitergeleiteten|Message transféré|Début du message|Mensaje reenviado|Inicio del mensaje|Messaggio inoltrato|Inizio messaggio|Mensagem encaminhada|Início da mensagem|Doorgestuurd bericht|Begin doorgestuurd|Vidarebefordrat meddelande|Videresendt|Przekazana wiadomość|Пересылаемое сообщение|転送メッセージ|转发的消息|Edelleenlähetetty|Přeposlaná zpráva"))
	forwardPrefix       = regexp.MustCompile(`(?i)^\s*(?:fwd?|wg|tr|rv|enc|i|vb|vs|pd|fs|doorst|转发|轉寄|転送|пер)\s*:`)
	answersWithin       = []string{"inline", "in-line", "in line", "below", "beneath", "in red", "in blue", "in green", "in bold", "unten", "in rot", "in blau", "ci-dessous", "en rouge", "en bleu", "abajo", "en rojo", "sotto", "in rosso", "abaixo", "hieronder", "nedan", "nedenfor", "poniżej", "ниже", "níže", "下面", "以下"}
	invisible           = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u200e", "", "\u200f", "", "\u202a", "", "\u202b", "", "\u202c", "", "\u2068", "", "\u2069", "", "\ufeff", "", "\u200b", "")
)

// What the programs of telephones add: that the mail was sent from one, as the whole line.
var (
	device = words("iPhone|iPad|iPod|Apple Watch|Galaxy|Samsung|Android|BlackBerry|Huawei|Xiaomi|Pixel|Outlook|Mail for Windows|" +
		"Mail für Windows|Yahoo Mail|Proton Mail|ProtonMail|Gmail Mobile|GMX Mail|WEB.DE Mail|AOL|Mobilgerät|Smartphone|mobile device")
	sentFrom = words("Sent from|Sent via|Sent with|Sent using|Gesendet mit|Gesendet von|Von meinem|Von meiner|Envoyé de|Envoyé depuis|" +
		"Envoyé à partir|Enviado desde|Enviado do|Enviado de|Inviato da|Inviato dal|Verstuurd vanaf|Verzonden vanaf|Skickat från|" +
		"Sendt fra|Lähetetty|Wysłane z|Отправлено с|Odesláno z")
	isDeviceLine = regexp.MustCompile(`(?i)^` + sentFrom + `[^.!?:]{0,30}\b` + device + `[^.!?:]{0,30}\.?$` +
		`|^(?:Get|Obtenir|Obtener|Scarica|Hämta|Télécharger|Holen Sie sich|Descarga)?\s*Outlook (?:for|für|pour|para|per|voor|för) (?:iOS|Android)(?:\s*<\S+>)?$` +
		`|^(?:iPhone|iPad)から送信$|^发自我的 ?(?:iPhone|iPad)$|^從我的 ?(?:iPhone|iPad) ?傳送$|^나의 (?:iPhone|iPad)에서 보냄$|^(?:iPhone|iPad)[’']?(?:umdan|imden) gönderildi$`)
)

// isForward reports whether a subject is that of a message that somebody passes on.
func isForward(subject string) bool { return forwardPrefix.MatchString(subject) }
