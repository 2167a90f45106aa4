//! Links into the AWS console.

/// The account of ARNs that no AWS account has: there is no console for it.
const NO_ACCOUNT: &str = "000000000000";

/// The page of an execution of Step Functions; `None` for an ARN of something else, or of no AWS account.
pub fn execution_url(execution_arn: &str) -> Option<String> {
    let mut parts = execution_arn.split(':');
    let (_, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, kind) = (parts.next()?, parts.next()?, parts.next()?);
    if service != "states" || account == NO_ACCOUNT || !matches!(kind, "execution" | "express") {
        return None;
    }
    let domain = match partition {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    Some(format!(
        "https://{region}.{domain}/states/home?region={region}#/v2/executions/details/{execution_arn}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arn: &str, expected: Option<&str>) {
        assert_eq!(execution_url(arn).as_deref(), expected, "{arn}");
    }

    #[test]
    fn executions_of_an_account_have_a_page() {
        let arn = "arn:aws:states:eu-west-1:111122223333:execution:m:v-1";
        let page = "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/";
        check(arn, Some(&format!("{page}{arn}")));
        check(
            "arn:aws:states:eu-west-1:000000000000:execution:m:v-1",
            None,
        );
        check("arn:aws:states:eu-west-1:111122223333:stateMachine:m", None);
        check("arn:aws:lambda:eu-west-1:111122223333:function:f", None);
        check("", None);
    }
}
