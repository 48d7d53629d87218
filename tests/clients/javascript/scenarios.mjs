// What the tests ask of the AWS SDK for JavaScript. Each scenario prints one value as JSON.
// There is no endpoint, no Region and no credential in here: the environment has them.
import * as sdk from "@aws-sdk/client-secrets-manager";

const client = new sdk.SecretsManagerClient({});
const send = (operation, input = {}) => client.send(new sdk[`${operation}Command`](input));
const NAME = "MyTestSecret";
const CURRENT = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
const PREVIOUS = "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222";
const POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::123456789012:root" },
      Action: "secretsmanager:GetSecretValue",
      Resource: "*",
    },
  ],
});

// Tell of an error what a program sees of it.
const told = (error) => ({
  name: error.name,
  classes: Object.keys(sdk).filter((key) => /(Exception|Error|Failure)$/.test(key) && error instanceof sdk[key]),
  message: error.message,
  status: error.$metadata?.httpStatusCode,
  hasRequestId: /^[0-9a-f-]{36}$/.test(error.$metadata?.requestId ?? ""),
  attempts: error.$metadata?.attempts,
});

const refused = async (operation, input) => {
  try {
    await send(operation, input);
  } catch (error) {
    return told(error);
  }
  throw new Error(`${operation} was not refused`);
};

const pages = async (paginate, input, members) => {
  const found = [];
  for await (const page of paginate({ client, pageSize: 2 }, input)) {
    found.push(page[members]);
  }
  return found;
};

const scenarios = {
  operations: () =>
    Object.keys(sdk)
      .filter((key) => /^[A-Z]\w+Command$/.test(key))
      .map((key) => key.replace(/Command$/, ""))
      .sort(),

  everything: async (rotationFunction) => {
    const has = {};
    const keep = async (operation, input) => {
      const { $metadata, ...members } = await send(operation, input);
      has[operation] = Object.keys(members).sort();
      return members;
    };
    await keep("CreateSecret", { Name: "new", SecretString: "one" });
    await keep("PutSecretValue", { SecretId: "new", SecretString: "two" });
    await keep("GetSecretValue", { SecretId: "new" });
    await keep("BatchGetSecretValue", { SecretIdList: ["new", NAME] });
    await keep("UpdateSecret", { SecretId: "new", Description: "of the SDK" });
    await keep("DescribeSecret", { SecretId: "new" });
    await keep("ListSecretVersionIds", { SecretId: "new" });
    await keep("ListSecrets", {});
    await keep("UpdateSecretVersionStage", {
      SecretId: NAME,
      VersionStage: "AWSCURRENT",
      MoveToVersionId: PREVIOUS,
      RemoveFromVersionId: CURRENT,
    });
    await keep("TagResource", { SecretId: "new", Tags: [{ Key: "team", Value: "a" }] });
    await keep("UntagResource", { SecretId: "new", TagKeys: ["team"] });
    await keep("ValidateResourcePolicy", { SecretId: "new", ResourcePolicy: POLICY });
    await keep("PutResourcePolicy", { SecretId: "new", ResourcePolicy: POLICY });
    await keep("GetResourcePolicy", { SecretId: "new" });
    await keep("DeleteResourcePolicy", { SecretId: "new" });
    await keep("ReplicateSecretToRegions", { SecretId: "new", AddReplicaRegions: [{ Region: "eu-west-3" }] });
    await keep("RemoveRegionsFromReplication", { SecretId: "new", RemoveReplicaRegions: ["eu-west-3"] });
    await send("ReplicateSecretToRegions", { SecretId: "new", AddReplicaRegions: [{ Region: "eu-west-1" }] });
    const there = new sdk.SecretsManagerClient({ region: "eu-west-1" });
    const promoted = await there.send(new sdk.StopReplicationToReplicaCommand({ SecretId: "new" }));
    has.StopReplicationToReplica = Object.keys(promoted).filter((key) => key !== "$metadata");
    await keep("RotateSecret", {
      SecretId: "new",
      RotationLambdaARN: rotationFunction,
      RotationRules: { AutomaticallyAfterDays: 30 },
    });
    await keep("CancelRotateSecret", { SecretId: "new" });
    await keep("GetRandomPassword", { PasswordLength: 20 });
    await keep("DeleteSecret", { SecretId: "new" });
    await keep("RestoreSecret", { SecretId: "new" });
    return has;
  },

  pagination: async () => ({
    secrets: (await pages(sdk.paginateListSecrets, {}, "SecretList")).map((page) => page.map((one) => one.Name)),
    versions: (
      await pages(sdk.paginateListSecretVersionIds, { SecretId: NAME }, "Versions")
    ).map((page) => page.map((one) => one.VersionId)),
    values: (
      await pages(sdk.paginateBatchGetSecretValue, { Filters: [{ Key: "name", Values: ["paged"] }] }, "SecretValues")
    ).map((page) => page.map((one) => one.SecretString)),
  }),

  get: async (secretId = NAME) => {
    const { SecretString, $metadata } = await send("GetSecretValue", { SecretId: secretId });
    return { SecretString, attempts: $metadata.attempts };
  },

  put: async () => {
    const { $metadata } = await send("PutSecretValue", { SecretId: NAME, SecretString: "new" });
    return $metadata.attempts;
  },

  refusedGet: () => refused("GetSecretValue", { SecretId: NAME }),

  errors: async () => [
    await refused("GetSecretValue", { SecretId: "absent" }),
    await refused("CreateSecret", { Name: NAME, SecretString: "x" }),
    await refused("UpdateSecretVersionStage", {
      SecretId: NAME,
      VersionStage: "AWSCURRENT",
      MoveToVersionId: PREVIOUS,
    }),
    await refused("RotateSecret", { SecretId: NAME }),
    await refused("PutResourcePolicy", { SecretId: NAME, ResourcePolicy: "{" }),
    await refused("ListSecrets", { NextToken: "none" }),
    await refused("GetSecretValue", { SecretId: "" }),
  ],

  unsigned: async () => {
    const anonymous = new sdk.SecretsManagerClient({ signer: { sign: async (request) => request } });
    try {
      return await anonymous.send(new sdk.ListSecretsCommand({}));
    } catch (error) {
      return told(error);
    }
  },

  binary: async () => {
    const stored = Uint8Array.from([0, 255, 107, 101, 121]);
    await send("PutSecretValue", { SecretId: NAME, SecretBinary: stored });
    const { SecretBinary, CreatedDate } = await send("GetSecretValue", { SecretId: NAME });
    return { bytes: [...SecretBinary], isDate: CreatedDate instanceof Date, milliseconds: CreatedDate.getTime() };
  },

  text: async () => {
    await send("PutSecretValue", { SecretId: NAME, SecretString: "Füße, 鍵, 🔑, \u2028" });
    return (await send("GetSecretValue", { SecretId: NAME })).SecretString;
  },

  signatureDates: async () => {
    const dates = [];
    client.middlewareStack.add(
      (next) => async (given) => {
        dates.push(given.request.headers["x-amz-date"]);
        return next(given);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    await send("GetSecretValue", { SecretId: NAME });
    await send("GetSecretValue", { SecretId: NAME });
    await refused("GetSecretValue", { SecretId: "absent" });
    await send("GetSecretValue", { SecretId: NAME });
    return { dates, offset: client.config.systemClockOffset };
  },

  together: async () => {
    const values = await Promise.all(
      Array.from({ length: 32 }, () => send("GetSecretValue", { SecretId: NAME })),
    );
    return values.map((one) => one.SecretString);
  },
};

const [, , scenario, ...given] = process.argv;
console.log(JSON.stringify(await scenarios[scenario](...given)));
client.destroy();
