//! Events of mail services: proven ones do what they say, others nothing.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gazetted::source::Fetch;
use gazetted::source::fetch::{Answer, Fetched, Request, Response};
use gazetted::subscriber::Standing;
use http::Method;
use serde_json::{Value, json};

use super::readers::Readers;
use crate::web::place::Place;

const EMAIL: &str = "reader@recipient.example";

async fn site(config: &str, fetch: Option<Arc<dyn Fetch>>) -> Readers {
    let site = Readers::at(Place::configured(config, fetch).await).await;
    site.reader(EMAIL).await;
    site
}

async fn post(site: &Readers, service: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let path = format!("/feedback/{service}");
    site.place.ask(Method::POST, &path, headers, body).await.status.as_u16()
}

fn secret(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, text).unwrap();
    let reference = format!("{{ file = \"{}\" }}", path.display());
    (folder, reference)
}

#[tokio::test]
async fn a_service_that_is_not_configured_is_not_there() {
    let site = site("", None).await;

    for service in ["ses", "postmark", "mailgun", "sendgrid", "other"] {
        assert_eq!(post(&site, service, &[], "{}").await, 404, "{service}");
    }
    assert_eq!(site.place.get("/feedback/ses").await.status, 405);
}

#[tokio::test]
async fn mailgun_signs_with_its_key() {
    let (_folder, reference) = secret("the key");
    let site = site(&format!("\n[feedback.mailgun]\nkey = {reference}\n"), None).await;
    let post = async |key: &str, time: i64, event: Value| {
        let token = "0123456789";
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let tag = hmac::sign(&key, format!("{time}{token}").as_bytes());
        let signature: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let body = json!({
            "signature": { "timestamp": time.to_string(), "token": token, "signature": signature },
            "event-data": event,
        });
        post(&site, "mailgun", &[], &body.to_string()).await
    };
    let now = site.place.house.now().timestamp();
    let failed = |code: u16, words: &str| {
        json!({
            "event": "failed", "severity": "permanent", "reason": "bounce", "id": format!("e{code}"),
            "recipient": EMAIL,
            "delivery-status": { "code": code, "message": words },
        })
    };

    assert_eq!(post("another key", now, failed(550, "5.1.1 no such user")).await, 401);
    assert_eq!(post("the key", now - 9 * 86_400, failed(550, "5.1.1 no such user")).await, 401);
    assert_eq!(post("the key", now, failed(550, "5.7.1 blocked as spam")).await, 200);
    assert_eq!(site.standing(EMAIL).await, Standing::Active);
    assert_eq!(post("the key", now, failed(551, "5.1.1 no such user")).await, 200);
    assert_eq!(site.standing(EMAIL).await, Standing::Bounced);
}

#[tokio::test]
async fn sendgrid_signs_the_whole_post() {
    let dice = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &dice).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap();
    let prefix = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
    let public = STANDARD.encode([&prefix[..26], pair.public_key().as_ref()].concat());
    let site = site(&format!("\n[feedback.sendgrid]\npublic_key = \"{public}\"\n"), None).await;
    let now = site.place.house.now().timestamp().to_string();
    let body = json!([
        { "event": "processed", "email": EMAIL },
        { "event": "bounce", "type": "blocked", "email": EMAIL, "sg_event_id": "1", "reason": "550 5.1.1 no" },
        { "event": "spamreport", "email": EMAIL, "sg_event_id": "2" },
    ])
    .to_string();
    let signature = pair.sign(&dice, format!("{now}{body}").as_bytes()).unwrap();
    let signature = STANDARD.encode(signature.as_ref());
    let headers = [
        ("x-twilio-email-event-webhook-signature", signature.as_str()),
        ("x-twilio-email-event-webhook-timestamp", now.as_str()),
    ];

    assert_eq!(post(&site, "sendgrid", &[], &body).await, 401);
    assert_eq!(post(&site, "sendgrid", &headers, &body.replace("blocked", "bounced")).await, 401);
    assert_eq!(site.standing(EMAIL).await, Standing::Active);
    assert_eq!(post(&site, "sendgrid", &headers, &body).await, 200);
    assert_eq!(site.standing(EMAIL).await, Standing::Complained);
}

#[tokio::test]
async fn postmark_knows_the_password() {
    let (_folder, reference) = secret("open sesame");
    let site = site(&format!("\n[feedback.postmark]\nsecret = {reference}\n"), None).await;
    let basic =
        |password: &str| format!("Basic {}", STANDARD.encode(format!("gazetted:{password}")));
    let bounce = |kind: &str| {
        json!({ "RecordType": "Bounce", "Type": kind, "ID": 1, "Email": EMAIL, "Details": "" })
            .to_string()
    };
    let (good, bad) = (basic("open sesame"), basic("open says me"));

    assert_eq!(post(&site, "postmark", &[], &bounce("HardBounce")).await, 401);
    assert_eq!(
        post(&site, "postmark", &[("authorization", &bad)], &bounce("HardBounce")).await,
        401
    );
    for harmless in ["Transient", "AutoResponder", "Blocked", "SpamNotification", "DMARCPolicy"] {
        assert_eq!(
            post(&site, "postmark", &[("authorization", &good)], &bounce(harmless)).await,
            200
        );
    }
    assert_eq!(post(&site, "postmark", &[("authorization", &good)], "no JSON").await, 400);
    assert_eq!(site.standing(EMAIL).await, Standing::Active);
    assert_eq!(
        post(&site, "postmark", &[("authorization", &good)], &bounce("HardBounce")).await,
        200
    );
    assert_eq!(site.standing(EMAIL).await, Standing::Bounced);
}

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:bounces";
const CERTIFICATE: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem";
const INVITATION: &str = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";

/// Amazon, as far as it is asked.
#[derive(Default)]
struct Amazon(Mutex<Vec<String>>);

impl Fetch for Amazon {
    fn fetch(&self, request: Request) -> Answer<'_> {
        self.0.lock().unwrap().push(request.url.to_string());
        let document = Fetched {
            bytes: include_bytes!("sns.cert.pem").to_vec(),
            said: gazetted::source::fetch::Said::default(),
            content_type: None,
            final_url: request.url,
            etag: None,
            last_modified: None,
        };
        Box::pin(async { Ok(Response::Document(document)) })
    }
}

/// A message of SNS, signed by the key of the certificate.
fn signed(kind: &str, topic: &str, message: &str, tamper: impl FnOnce(&mut Value)) -> String {
    let pem = include_str!("sns.key.pem");
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let mut post = json!({
        "Type": kind, "MessageId": "m-1", "TopicArn": topic, "Message": message,
        "Timestamp": "2026-03-03T09:00:00.000Z", "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
    });
    let names: &[&str] = if kind == "Notification" {
        &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    } else {
        post["Token"] = "t".into();
        post["SubscribeURL"] = INVITATION.into();
        &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    };
    let mut text = String::new();
    for name in names {
        if let Some(value) = post[name].as_str() {
            text.push_str(&format!("{name}\n{value}\n"));
        }
    }
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    post["Signature"] = STANDARD.encode(signature).into();
    tamper(&mut post);
    post.to_string()
}

fn bounce(kind: &str, sub: &str) -> String {
    json!({
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": kind, "bounceSubType": sub, "feedbackId": format!("f-{kind}-{sub}"),
            "bouncedRecipients": [{ "emailAddress": EMAIL, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user" }],
        },
        "mail": { "source": "digest@news.example.org", "messageId": "0100" },
    })
    .to_string()
}

#[tokio::test]
async fn amazon_ses_is_believed_when_topic_certificate_and_signature_fit() {
    let amazon = Arc::new(Amazon::default());
    let config = format!("\n[feedback.ses]\ntopics = [\"{TOPIC}\"]\n");
    let site = site(&config, Some(amazon.clone())).await;
    let hard = bounce("Permanent", "General");
    let untouched = |_: &mut Value| {};
    let other = TOPIC.replace("bounces", "evil");

    let refused = [
        signed("Notification", &other, &hard, untouched),
        signed("Notification", TOPIC, &hard, |post| post["Message"] = "{}".into()),
        signed("Notification", TOPIC, &hard, |post| post["SignatureVersion"] = "1".into()),
        signed("Notification", TOPIC, &hard, |post| {
            post["SigningCertURL"] = "https://evil.example/SimpleNotificationService.pem".into();
        }),
        signed("SubscriptionConfirmation", TOPIC, "", |post| {
            post["SubscribeURL"] = "https://evil.example/".into();
        }),
    ];
    for post_body in refused {
        assert_eq!(post(&site, "ses", &[], &post_body).await, 401, "{post_body}");
    }
    let soft = signed("Notification", TOPIC, &bounce("Transient", "MailboxFull"), untouched);
    assert_eq!(post(&site, "ses", &[], &soft).await, 200);
    assert_eq!(site.standing(EMAIL).await, Standing::Active);
    assert!(amazon.0.lock().unwrap().iter().all(|url| url == CERTIFICATE));

    let hard = signed("Notification", TOPIC, &hard, untouched);
    assert_eq!(post(&site, "ses", &[], &hard).await, 200);
    assert_eq!(site.standing(EMAIL).await, Standing::Bounced);
    let invitation = signed("SubscriptionConfirmation", TOPIC, "", untouched);
    assert_eq!(post(&site, "ses", &[], &invitation).await, 200);
    // The certificate was fetched once, the invitation accepted once.
    assert_eq!(*amazon.0.lock().unwrap(), [CERTIFICATE, INVITATION]);
}
